use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of loopback where nothing listens: every connection is refused.
///
/// It stays so as long as this lives. The port of a server that has ended is soon another server's.
#[derive(Debug)]
pub struct ClosedPort {
    /// Bound, so that the port is taken.
    socket: TcpSocket,
}

impl ClosedPort {
    /// # Panics
    /// If loopback has no free port.
    pub fn bind() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be opened");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(any).expect("loopback has a free port");
        Self { socket }
    }

    /// Host and port, as in `127.0.0.1:4711`.
    ///
    /// # Panics
    /// Never: the socket is bound.
    pub fn authority(&self) -> String {
        self.socket.local_addr().expect("a bound socket has an address").to_string()
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.authority())
    }
}
