use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The wire to a server, which remembers what clients said on it.
pub struct Wire {
    port: u16,
    said: Arc<Mutex<Vec<u8>>>,
}

impl Wire {
    /// Leads to the server at `host:port`.
    ///
    /// # Panics
    ///
    /// If there is no port for it.
    pub fn to(server: impl Into<String>) -> Self {
        let server = server.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be had");
        let port = listener.local_addr().expect("a listener has an address").port();
        let said = Arc::<Mutex<Vec<u8>>>::default();
        let heard = Arc::clone(&said);
        // It ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is gone is a connection that ends.
                let Ok(server) = TcpStream::connect(&server) else { continue };
                let (Ok(from_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) else {
                    continue;
                };
                let heard = Arc::clone(&heard);
                let remember = move |bytes: &[u8]| {
                    heard.lock().expect("nobody panics with it").extend_from_slice(bytes);
                };
                thread::spawn(move || pass(client, server, remember));
                thread::spawn(move || pass(from_server, to_client, |_| {}));
            }
        });
        Self { port, said }
    }

    /// Where it begins, `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What clients said so far, in lower case.
    ///
    /// # Panics
    ///
    /// If a thread of it did.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().expect("nobody panics with it")).to_lowercase()
    }
}

/// Remembers each piece before it passes, so that whoever has an answer finds the question.
fn pass(mut from: TcpStream, mut to: TcpStream, remember: impl Fn(&[u8])) {
    let mut piece = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        remember(&piece[..length]);
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    // The other one may have gone first.
    let _ = to.shutdown(Shutdown::Write);
}
