//! The URL of a request, as curl reads it.

/// A URL of http or https.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_https: bool,
    pub(super) user: Option<String>,
    /// An address of IPv6 without its brackets.
    host: String,
    port: u16,
    /// With the query.
    pub(super) path: String,
}

impl Url {
    /// Reads a URL; without a scheme it is of http. Dots in the path are followed unless it is to be left
    /// `as_is`.
    pub(super) fn parse(text: &str, as_is: bool) -> Option<Self> {
        let (is_https, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some(_) => return None,
            None => (false, text),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user.to_owned()), host),
            None => (None, authority),
        };
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.parse::<u16>().ok()?)),
            _ => (host, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return None;
        }
        let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
        let path = if as_is { path.to_owned() } else { without_dots(path) };
        let slash = if path.starts_with('/') { "" } else { "/" };
        Some(Self {
            is_https,
            user,
            host: host.to_owned(),
            port: port.unwrap_or_else(|| default_port(is_https)),
            path: format!("{slash}{path}{query}"),
        })
    }

    pub(super) fn add_query(&mut self, query: &str) {
        self.path.push(if self.path.contains('?') { '&' } else { '?' });
        self.path.push_str(query);
    }

    /// What is sent as the host.
    pub(super) fn authority(&self) -> String {
        if self.port == default_port(self.is_https) {
            self.bracketed(&self.host)
        } else {
            self.with_port(&self.host, self.port)
        }
    }

    /// The server name of TLS: no address has one.
    pub(super) fn server_name(&self) -> Option<String> {
        let is_name = self.host.parse::<std::net::IpAddr>().is_err();
        (self.is_https && is_name).then(|| self.host.clone())
    }

    /// Where the connection goes: `HOST:PORT:ADDRESS` and `HOST:PORT:HOST:PORT` change that, empty parts hold
    /// for all.
    pub(super) fn dialled(&self, elsewhere: &[String]) -> String {
        let own = || self.with_port(&self.host, self.port);
        elsewhere.iter().find_map(|rule| self.moved(rule)).unwrap_or_else(own)
    }

    fn moved(&self, rule: &str) -> Option<String> {
        let (host, rest) = rule.trim_start_matches(['+', '*']).split_once(':')?;
        let (port, to) = rest.split_once(':')?;
        let fits =
            (host.is_empty() || host == self.host) && (port.is_empty() || port.parse() == Ok(self.port));
        if !fits {
            return None;
        }
        let to = to.split(',').next().unwrap_or_default();
        let bare = to.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Some(self.with_port(bare, self.port));
        }
        match to.rsplit_once(':') {
            Some(("", port)) => Some(self.with_port(&self.host, port.parse().ok()?)),
            Some((host, "")) => Some(self.with_port(host, self.port)),
            _ => Some(to.to_owned()),
        }
    }

    fn bracketed(&self, host: &str) -> String {
        if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
    }

    fn with_port(&self, host: &str, port: u16) -> String {
        format!("{}:{port}", self.bracketed(host))
    }
}

const fn default_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
}

/// A path whose segments `.` and `..` are followed: RFC 3986, 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => {
                kept.push(other);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    if path.is_empty() { String::new() } else { format!("/{}", kept.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_followed() {
        for (path, expected) in [
            ("/a/../b", "/b"),
            ("/a/./b/", "/a/b/"),
            ("/..", "/"),
            ("/a/..", "/"),
            ("/a//b", "/a//b"),
            ("/a/b/..", "/a/"),
            ("", ""),
        ] {
            assert_eq!(without_dots(path), expected, "{path}");
        }
    }
}
