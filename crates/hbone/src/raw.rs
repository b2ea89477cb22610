//! HTTP/1.1 as it is written: for requests that no well-behaved client sends.

use std::time::Instant;

use hyper::body::Bytes;
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{HeaderMap, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::client::{Failure, PATIENCE, Tunnel};
use crate::http::{Reply, Request};

/// Sends a request byte for byte, the last one of its connection, and waits for all of the response.
///
/// # Errors
/// If the tunnel ends before the response does, or what comes is no response.
pub async fn request_once(tunnel: Tunnel, request: &Request) -> Result<Reply, Failure> {
    let (start, mut stream) = (Instant::now(), tunnel.into_stream());
    let no_answer = |error: std::io::Error| Failure::NoAnswer(error.to_string());
    let exchange = async {
        stream.write_all(&written(request)).await.map_err(no_answer)?;
        stream.flush().await.map_err(no_answer)?;
        let (mut received, mut part) = (Vec::new(), vec![0; 8192]);
        loop {
            // A tunnel that is reset ends as one that is closed.
            let length = stream.read(&mut part).await.unwrap_or_default();
            received.extend(part.iter().take(length));
            match read(&received, request.method == hyper::Method::HEAD, length == 0) {
                Some(reply) => return Ok(Reply { took: start.elapsed(), ..reply }),
                None if length == 0 => {
                    let text = String::from_utf8_lossy(&received).into_owned();
                    return Err(Failure::NoAnswer(format!("end of stream after `{text}`")));
                }
                None => {}
            }
        }
    };
    timeout(PATIENCE, exchange).await.map_err(|_| Failure::TimedOut)?
}

fn written(request: &Request) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", request.method, request.path, request.host);
    for (name, value) in &request.headers {
        bytes.push_str(name);
        bytes.push_str(": ");
        bytes.push_str(value);
        bytes.push_str("\r\n");
    }
    if !request.body.is_empty() {
        bytes.push_str(&format!("content-length: {}\r\n", request.body.len()));
    }
    bytes.push_str("\r\n");
    [bytes.as_bytes(), &request.body].concat()
}

/// A whole response, or nothing while something is missing.
fn read(received: &[u8], is_head: bool, is_all: bool) -> Option<Reply> {
    let end = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (received.get(..end)?, received.get(end + 4..)?);
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?;
    let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(value.trim().as_bytes()).ok()?);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let body = match length {
        _ if is_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED => Vec::new(),
        Some(length) => body.get(..length)?.to_vec(),
        None if headers.contains_key(TRANSFER_ENCODING) => unchunked(body)?,
        None if is_all => body.to_vec(),
        None => return None,
    };
    let (body, trailers, took) = (Bytes::from(body), HeaderMap::new(), std::time::Duration::ZERO);
    Some(Reply { status, headers, body, trailers, took })
}

/// What stands in the chunks, once the last one is there.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..end)?).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 4 + size..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_read_once_they_are_whole() {
        let text = |received: &[u8]| read(received, false, false).map(|reply| reply.text());
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        assert_eq!(text(whole).as_deref(), Some("ok"));
        assert_eq!(text(&whole[..whole.len() - 1]), None);
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
        assert_eq!(text(chunked).as_deref(), Some("abcd"));
        assert_eq!(read(b"HTTP/1.1 404 Not Found\r\n\r\n", false, true).unwrap().status, 404);
        assert_eq!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", true, false).unwrap().text(), "");
    }

    #[test]
    fn requests_are_written_as_they_are() {
        let request = Request::get("A.example", "/a\"b").header("X-A", " 1 ");
        assert_eq!(written(&request), b"GET /a\"b HTTP/1.1\r\nhost: A.example\r\nX-A:  1 \r\n\r\n");
    }
}
