//! The one kind of address that this crate dials or binds.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener as Claim};
use std::str::FromStr;

use tokio::net::{TcpListener, TcpStream};

/// HBONE's port, on every pod.
pub const HBONE_PORT: u16 = 15008;

/// An address of 127.0.0.0/8 with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Loopback(SocketAddrV4);

/// An address outside 127.0.0.0/8.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an address of 127.0.0.0/8: nothing here leaves this machine")]
pub struct NotLoopback(String);

impl Loopback {
    /// This address with this port.
    ///
    /// # Errors
    /// If the address is not of 127.0.0.0/8.
    pub fn new(address: Ipv4Addr, port: u16) -> Result<Self, NotLoopback> {
        if address.is_loopback() {
            Ok(Self(SocketAddrV4::new(address, port)))
        } else {
            Err(NotLoopback(address.to_string()))
        }
    }

    /// Any free port of 127.0.0.1.
    #[must_use]
    pub fn any() -> Self {
        Self(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
    }

    /// Its address.
    #[must_use]
    pub fn ip(self) -> Ipv4Addr {
        *self.0.ip()
    }

    /// Connects to it.
    ///
    /// # Errors
    /// As `TcpStream::connect`.
    pub async fn connect(self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(SocketAddr::V4(self.0)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Listens on it.
    ///
    /// # Errors
    /// As `TcpListener::bind`.
    pub async fn bind(self) -> io::Result<TcpListener> {
        TcpListener::bind(SocketAddr::V4(self.0)).await
    }
}

impl fmt::Display for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Loopback> for SocketAddr {
    fn from(address: Loopback) -> Self {
        Self::V4(address.0)
    }
}

impl FromStr for Loopback {
    type Err = NotLoopback;

    fn from_str(text: &str) -> Result<Self, NotLoopback> {
        let address: SocketAddrV4 = text.parse().map_err(|_| NotLoopback(text.to_owned()))?;
        Self::new(*address.ip(), address.port())
    }
}

impl TryFrom<SocketAddr> for Loopback {
    type Error = NotLoopback;

    fn try_from(address: SocketAddr) -> Result<Self, NotLoopback> {
        match address.ip() {
            IpAddr::V4(ip) => Self::new(ip, address.port()),
            IpAddr::V6(ip) => Err(NotLoopback(ip.to_string())),
        }
    }
}

/// A `127.N.0.0/16` that this process has for itself, so that two test runs on one machine do not meet.
///
/// Every pod listens on HBONE's port, so that pods of two runs need different addresses.
#[derive(Debug)]
pub struct Block {
    second_octet: u8,
    /// What tells the others that this block is taken.
    _claim: Claim,
}

impl Block {
    /// The first block that nobody has. Addresses from 127.192.0.0 on are left to others: `--loopback` makes
    /// 127.244.1.6 of 10.244.1.6.
    ///
    /// # Errors
    /// If there is none.
    pub fn claim() -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for second_octet in 64..=191 {
            match Claim::bind((Ipv4Addr::new(127, second_octet, 255, 254), HBONE_PORT)) {
                Ok(claim) => return Ok(Self { second_octet, _claim: claim }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Its address with these last two octets.
    #[must_use]
    pub fn address(&self, low: u16) -> Ipv4Addr {
        let [third, fourth] = low.to_be_bytes();
        Ipv4Addr::new(127, self.second_octet, third, fourth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_accepted() {
        assert!("127.244.1.6:15008".parse::<Loopback>().is_ok());
        for address in
            ["10.244.1.6:15008", "0.0.0.0:15008", "[::1]:15008", "localhost:80", "126.255.255.255:1"]
        {
            assert!(address.parse::<Loopback>().is_err(), "{address}");
        }
    }

    #[test]
    fn two_blocks_are_not_the_same() {
        let (one, two) = (Block::claim().unwrap(), Block::claim().unwrap());
        assert_ne!(one.address(1), two.address(1));
    }
}
