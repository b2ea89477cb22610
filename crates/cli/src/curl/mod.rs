//! A command line of curl as a request.
//!
//! What curl would send is told as far as its command line tells it: its version, and so its `User-Agent`, is
//! not there. An option that may change the request in a way that is not known here is an error, never passed
//! over.
//!
//! Source: [curl(1)](https://curl.se/docs/manpage.html).

mod options;
mod url;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use waypoint_xds::trace::{HeaderList, RequestSpec};

use self::options::{Meaning, meaning_of};
use self::url::Url;

/// Why a text is no command line of curl that can be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotACurl {
    /// Quotes that do not end.
    #[error("the quotes do not match")]
    Quotes,
    /// An option that is not known here.
    #[error("curl's option `{0}` is not known here: leave it out if it does not change the request")]
    Option(String),
    /// An option without its value.
    #[error("curl's option `{0}` needs a value")]
    Value(String),
    /// A value that stands in a file.
    #[error("curl's option `{0}` reads `{1}`: give what stands there instead")]
    File(String, String),
    /// No URL, or several.
    #[error("expected one URL, found {0}")]
    Urls(usize),
    /// A URL that is not of HTTP.
    #[error("`{0}` is no URL of http or https")]
    Url(String),
    /// A header that is none.
    #[error("`{0}` is no header: expected `name: value`")]
    Header(String),
}

/// Reads a command line, with or without `curl` before it. Who asks is not in it.
pub(crate) fn request(line: &str) -> Result<RequestSpec, NotACurl> {
    // A line that goes on is one line: at its own place the backslash would be a word.
    let line = line.replace("\\\r\n", "").replace("\\\n", "");
    let words = shlex::split(&line).ok_or(NotACurl::Quotes)?;
    let words = words.strip_prefix(&["curl".to_owned()]).unwrap_or(&words);
    Curl::read(words)?.request()
}

/// What a command line says.
#[derive(Debug, Default)]
struct Curl {
    urls: Vec<String>,
    method: Option<String>,
    /// What follows from options that send something: HEAD, POST or PUT.
    implied: Option<&'static str>,
    /// The data goes into the query.
    get: bool,
    data: Vec<String>,
    /// The option and the file that data is read from.
    file: Option<(String, String)>,
    /// What the data is, unless a header says it.
    content_type: Option<&'static str>,
    headers: Vec<(String, String)>,
    /// Headers that are not to be sent.
    removed: Vec<String>,
    user: Option<String>,
    http2: bool,
    http1: bool,
    path_as_is: bool,
    /// Where connections go instead: `HOST:PORT:ADDRESS` of `--resolve`, `HOST:PORT:HOST:PORT` of
    /// `--connect-to`.
    elsewhere: Vec<String>,
}

impl Curl {
    fn read(words: &[String]) -> Result<Self, NotACurl> {
        let mut curl = Self::default();
        let mut words = words.iter();
        let mut only_urls = false;
        while let Some(word) = words.next() {
            if only_urls || word == "-" || !word.starts_with('-') {
                curl.urls.push(word.clone());
            } else if word == "--" {
                only_urls = true;
            } else if word.starts_with("--") {
                let meaning = meaning_of(word).ok_or_else(|| NotACurl::Option(word.clone()))?;
                let value = if meaning.has_value() { words.next() } else { None };
                curl.option(word, meaning, value.cloned())?;
            } else {
                curl.short(word, &mut words)?;
            }
        }
        Ok(curl)
    }

    /// Options of one letter: several may stand together, and a value may follow at once.
    fn short(&mut self, word: &str, words: &mut std::slice::Iter<'_, String>) -> Result<(), NotACurl> {
        let mut letters = word.chars().skip(1);
        while let Some(letter) = letters.next() {
            let name = format!("-{letter}");
            let meaning = meaning_of(&name).ok_or_else(|| NotACurl::Option(name.clone()))?;
            if meaning.has_value() {
                let attached: String = letters.collect();
                let value = if attached.is_empty() { words.next().cloned() } else { Some(attached) };
                return self.option(&name, meaning, value);
            }
            self.option(&name, meaning, None)?;
        }
        Ok(())
    }

    fn option(&mut self, name: &str, meaning: Meaning, value: Option<String>) -> Result<(), NotACurl> {
        let value = match value {
            None if meaning.has_value() => return Err(NotACurl::Value(name.to_owned())),
            value => value.unwrap_or_default(),
        };
        match meaning {
            Meaning::Nothing | Meaning::NothingWithValue => {}
            Meaning::Url => self.urls.push(value),
            Meaning::Method => self.method = Some(value),
            Meaning::Head => self.implied = Some("HEAD"),
            Meaning::Get => self.get = true,
            Meaning::Header => self.header(name, &value)?,
            Meaning::HeaderOf(header) => self.headers.push((header.to_owned(), value)),
            Meaning::Cookie if value.contains('=') => self.headers.push(("cookie".to_owned(), value)),
            Meaning::Cookie => return Err(NotACurl::File(name.to_owned(), value)),
            Meaning::Data { content_type, reads_files } => {
                if reads_files && value.starts_with('@') {
                    self.file = Some((name.to_owned(), value));
                } else {
                    self.data.push(value);
                }
                self.implied = self.implied.or(Some("POST"));
                self.content_type = Some(content_type);
                if content_type == options::JSON {
                    self.headers.push(("accept".to_owned(), content_type.to_owned()));
                }
            }
            Meaning::Upload => self.implied = Some("PUT"),
            Meaning::User => self.user = Some(value),
            Meaning::Bearer => self.headers.push(("authorization".to_owned(), format!("Bearer {value}"))),
            Meaning::Http2 => self.http2 = true,
            Meaning::Http1 => self.http1 = true,
            Meaning::PathAsIs => self.path_as_is = true,
            Meaning::Elsewhere => self.elsewhere.push(value),
        }
        Ok(())
    }

    /// `name: value`; `name;` has an empty value, `name:` keeps curl from sending its own.
    fn header(&mut self, name: &str, text: &str) -> Result<(), NotACurl> {
        if text.starts_with('@') {
            return Err(NotACurl::File(name.to_owned(), text.to_owned()));
        }
        match (text.split_once(':'), text.trim_end().strip_suffix(';')) {
            (Some((name, value)), _) if value.trim().is_empty() => self.removed.push(name.to_lowercase()),
            (Some((name, value)), _) => self.headers.push((name.to_owned(), value.trim().to_owned())),
            (None, Some(name)) => self.headers.push((name.to_owned(), String::new())),
            (None, None) => return Err(NotACurl::Header(text.to_owned())),
        }
        Ok(())
    }

    fn request(mut self) -> Result<RequestSpec, NotACurl> {
        let [url] = self.urls.as_slice() else { return Err(NotACurl::Urls(self.urls.len())) };
        let mut url = Url::parse(url, self.path_as_is).ok_or_else(|| NotACurl::Url(url.clone()))?;
        if let Some((name, file)) = self.file.take().filter(|_| self.get) {
            return Err(NotACurl::File(name, file));
        }
        if self.get && !self.data.is_empty() {
            url.add_query(&self.data.join("&"));
        }
        let default = if self.get { "GET" } else { self.implied.unwrap_or("GET") };
        let method = self.method.take().unwrap_or_else(|| default.to_owned());
        let protocol = match (url.is_https, self.http2) {
            (true, _) => "tls",
            (false, true) => "h2",
            (false, false) => "http",
        };
        let alpn: &[&str] = if self.http1 { &["http/1.1"] } else { &["h2", "http/1.1"] };
        let user = self.user.take().or_else(|| url.user.take());
        let headers = self.all_headers(user);
        Ok(RequestSpec {
            to: Some(url.dialled(&self.elsewhere)),
            protocol: Some(protocol.to_owned()),
            method: Some(method),
            host: (!headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")))
                .then(|| url.authority()),
            sni: url.server_name(),
            alpn: url.is_https.then(|| alpn.iter().map(|&name| name.to_owned()).collect()),
            path: Some(url.path),
            headers: HeaderList(headers),
            ..RequestSpec::default()
        })
    }

    /// The headers that are given, and those that curl sends by itself.
    fn all_headers(&self, user: Option<String>) -> Vec<(String, String)> {
        let mut all = self.headers.clone();
        let own = [
            ("authorization", user.map(|user| format!("Basic {}", STANDARD.encode(user)))),
            ("accept", Some("*/*".to_owned())),
            ("content-type", self.content_type.filter(|_| !self.get).map(str::to_owned)),
        ];
        for (name, value) in own {
            let is_given = all.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if let (false, Some(value)) = (is_given || self.removed.iter().any(|other| other == name), value)
            {
                all.push((name.to_owned(), value));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(line: &str) -> Value {
        serde_json::to_value(request(line).unwrap()).unwrap()
    }

    fn error(line: &str) -> String {
        request(line).unwrap_err().to_string()
    }

    #[test]
    fn a_plain_url_is_a_get() {
        let plain = json!({
            "to": "cart.shop:80", "protocol": "http", "method": "GET", "path": "/", "host": "cart.shop",
            "headers": [["accept", "*/*"]],
        });
        assert_eq!(spec("curl http://cart.shop"), plain);
        assert_eq!(spec("-sSvk --max-time 5 cart.shop/"), plain);
        let odd = spec("curl 'http://cart.shop:8080/a/./b/../c?x=1#y' --http2-prior-knowledge");
        assert_eq!((&odd["to"], &odd["host"]), (&json!("cart.shop:8080"), &json!("cart.shop:8080")));
        assert_eq!((&odd["path"], &odd["protocol"]), (&json!("/a/c?x=1"), &json!("h2")));
        assert_eq!(spec("curl --path-as-is http://a/b/../c")["path"], "/b/../c");
    }

    #[test]
    fn headers_are_those_that_curl_sends() {
        let line = "curl -H 'X-Canary: 1' -HEmpty\\; -A tests -e http://a -b 'a=1; b=2' -u anna:secret \\\n \
                    -H 'Accept:' http://cart.shop";
        let expected = json!([
            ["X-Canary", "1"],
            ["Empty", ""],
            ["user-agent", "tests"],
            ["referer", "http://a"],
            ["cookie", "a=1; b=2"],
            ["authorization", "Basic YW5uYTpzZWNyZXQ="],
        ]);
        assert_eq!(spec(line)["headers"], expected);
        let host = spec("curl -H 'Host: b.example' http://a");
        assert_eq!(host["host"], Value::Null);
        assert_eq!(host["headers"][0], json!(["Host", "b.example"]));
        let bearer = spec("curl --oauth2-bearer abc http://a");
        assert_eq!(bearer["headers"][0], json!(["authorization", "Bearer abc"]));
    }

    #[test]
    fn data_makes_it_a_post() {
        let form = spec("curl -d a=1 --data-raw @b http://a/x");
        assert_eq!((&form["method"], &form["path"]), (&json!("POST"), &json!("/x")));
        assert_eq!(form["headers"][1], json!(["content-type", "application/x-www-form-urlencoded"]));
        let json = spec("curl --json '{}' -X PUT http://a/x");
        assert_eq!(json["method"], "PUT");
        assert_eq!(
            json["headers"],
            json!([["accept", "application/json"], ["content-type", "application/json"]])
        );
        let get = spec("curl -G -d a=1 -d b=2 'http://a/x?y=z'");
        assert_eq!((&get["method"], &get["path"]), (&json!("GET"), &json!("/x?y=z&a=1&b=2")));
        assert_eq!(spec("curl -I http://a")["method"], "HEAD");
        assert_eq!(spec("curl -T file http://a")["method"], "PUT");
    }

    #[test]
    fn https_is_tls_of_the_application() {
        let tls = spec("curl https://api.example/x");
        assert_eq!((&tls["to"], &tls["protocol"]), (&json!("api.example:443"), &json!("tls")));
        assert_eq!((&tls["sni"], &tls["alpn"]), (&json!("api.example"), &json!(["h2", "http/1.1"])));
        assert_eq!(spec("curl https://10.0.0.1")["sni"], Value::Null);
        assert_eq!(spec("curl --http1.1 https://a")["alpn"], json!(["http/1.1"]));
    }

    #[test]
    fn connections_may_go_elsewhere() {
        let resolved = spec("curl --resolve a.example:80:10.0.0.9 http://a.example/");
        assert_eq!((&resolved["to"], &resolved["host"]), (&json!("10.0.0.9:80"), &json!("a.example")));
        assert_eq!(spec("curl --resolve b:80:10.0.0.9 http://a")["to"], "a:80");
        assert_eq!(spec("curl --connect-to ::cart.shop:8080 http://a")["to"], "cart.shop:8080");
        assert_eq!(spec("curl http://[fd00::1]:8080/")["to"], "[fd00::1]:8080");
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert_eq!(error("curl 'http://a"), "the quotes do not match");
        assert!(error("curl --proxy p http://a").starts_with("curl's option `--proxy` is not known here"));
        assert!(error("curl -sZ http://a").starts_with("curl's option `-Z` is not known here"));
        assert_eq!(error("curl -X"), "curl's option `-X` needs a value");
        assert_eq!(error("curl -s"), "expected one URL, found 0");
        assert_eq!(error("curl a b"), "expected one URL, found 2");
        assert_eq!(error("curl ftp://a"), "`ftp://a` is no URL of http or https");
        assert_eq!(error("curl -H x http://a"), "`x` is no header: expected `name: value`");
        assert!(error("curl -G -d @x http://a").starts_with("curl's option `-d` reads `@x`"));
        assert!(error("curl -b jar http://a").starts_with("curl's option `-b` reads `jar`"));
    }
}
