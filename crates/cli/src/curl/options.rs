//! What curl's options mean for a request.

pub(super) const FORM: &str = "application/x-www-form-urlencoded";
pub(super) const JSON: &str = "application/json";
/// Its boundary is drawn by chance.
const MULTIPART: &str = "multipart/form-data";

/// What an option means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing for the request.
    Nothing,
    /// Nothing for the request, and it has a value.
    NothingWithValue,
    Url,
    Method,
    Head,
    /// The data goes into the query.
    Get,
    Header,
    /// The value of this header.
    HeaderOf(&'static str),
    Cookie,
    Data {
        content_type: &'static str,
        /// Whether `@` begins the name of a file.
        reads_files: bool,
    },
    Upload,
    User,
    Bearer,
    Http2,
    Http1,
    PathAsIs,
    Elsewhere,
}

impl Meaning {
    pub(super) const fn has_value(self) -> bool {
        !matches!(self, Self::Nothing | Self::Head | Self::Get | Self::Http2 | Self::Http1 | Self::PathAsIs)
    }
}

/// What an option means, by its long name or its letter; none if it is not known.
pub(super) fn meaning_of(option: &str) -> Option<Meaning> {
    let data = |content_type, reads_files| Meaning::Data { content_type, reads_files };
    Some(match option {
        "--url" => Meaning::Url,
        "-X" | "--request" => Meaning::Method,
        "-I" | "--head" => Meaning::Head,
        "-G" | "--get" => Meaning::Get,
        "-H" | "--header" => Meaning::Header,
        "-A" | "--user-agent" => Meaning::HeaderOf("user-agent"),
        "-e" | "--referer" => Meaning::HeaderOf("referer"),
        "-b" | "--cookie" => Meaning::Cookie,
        "-d" | "--data" | "--data-ascii" | "--data-binary" | "--data-urlencode" => data(FORM, true),
        "--data-raw" => data(FORM, false),
        "--json" => data(JSON, true),
        "-F" | "--form" | "--form-string" => data(MULTIPART, false),
        "-T" | "--upload-file" => Meaning::Upload,
        "-u" | "--user" => Meaning::User,
        "--oauth2-bearer" => Meaning::Bearer,
        "--http2-prior-knowledge" => Meaning::Http2,
        "--http1.1" => Meaning::Http1,
        "--path-as-is" => Meaning::PathAsIs,
        "--resolve" | "--connect-to" => Meaning::Elsewhere,
        // What proxies answer to an upgrade to HTTP/2 is HTTP/1.1.
        "--http2" => Meaning::Nothing,
        "-k"
        | "--insecure"
        | "-s"
        | "--silent"
        | "-S"
        | "--show-error"
        | "-v"
        | "--verbose"
        | "-i"
        | "--include"
        | "--show-headers"
        | "-f"
        | "--fail"
        | "--fail-with-body"
        | "--fail-early"
        | "-L"
        | "--location"
        | "-N"
        | "--no-buffer"
        | "-g"
        | "--globoff"
        | "-O"
        | "--remote-name"
        | "-J"
        | "--remote-header-name"
        | "-4"
        | "--ipv4"
        | "-6"
        | "--ipv6"
        | "-#"
        | "--progress-bar"
        | "-q"
        | "--disable"
        | "--compressed"
        | "--basic"
        | "--tcp-nodelay"
        | "--no-keepalive"
        | "--no-progress-meter"
        | "--trace-time" => Meaning::Nothing,
        "-o" | "--output" | "-m" | "--max-time" | "--connect-timeout" | "--retry" | "--retry-delay"
        | "--retry-max-time" | "-w" | "--write-out" | "--cacert" | "--capath" | "-E" | "--cert" | "--key"
        | "-c" | "--cookie-jar" | "-D" | "--dump-header" | "--max-redirs" | "--limit-rate" | "--trace"
        | "--trace-ascii" | "--stderr" | "--keepalive-time" | "--output-dir" => Meaning::NothingWithValue,
        _ => return None,
    })
}
