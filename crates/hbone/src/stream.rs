//! Streams of bytes.

use tokio::io::{AsyncRead, AsyncWrite};

/// A stream of bytes in both directions: what a tunnel is, and TLS in it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
