//! The client side: as many calls as a server takes over kept connections, by one
//! thread. Each answer is read whole and looked at.

use super::servers::{Address, Place, Server};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A server that says nothing for so many milliseconds is broken.
const SILENCE: u16 = 60_000;

/// Room for an answer; it grows when it has to.
const ROOM: usize = 64 << 10;

/// A whole request for a method, with one name as its parameter or none.
pub(crate) fn request(method: &str, name: Option<&str>) -> Vec<u8> {
    let param = |name| format!("<param>\n<value><string>{name}</string></value>\n</param>\n");
    let body = format!(
        "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.{method}</methodName>\n<params>\n{}</params>\n\
         </methodCall>\n",
        name.map(param).unwrap_or_default()
    );
    let length = body.len();
    let head = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nContent-Type: text/xml\r\n\
         User-Agent: Python-xmlrpc/3.11\r\nContent-Length: {length}\r\n\r\n"
    );
    (head + &body).into_bytes()
}

/// How long the body of the answer is.
pub(crate) fn answer_length(at: &Address, request: &[u8]) -> usize {
    let mut connection = Connection::open(at);
    connection.send(request);
    let end = Instant::now() + Duration::from_secs(60);
    while !connection.receive() {
        assert!(Instant::now() < end, "no answer");
        std::thread::sleep(Duration::from_millis(1));
    }
    connection.body
}

/// What is asked, and by how many at a time.
pub(crate) struct Load<'a> {
    pub(crate) place: Place,
    pub(crate) request: &'a [u8],
    pub(crate) connections: usize,
}

impl Load<'_> {
    /// Calls for as long as `turn`; how many there were, and how many a second.
    pub(crate) fn run(&self, server: &Server, turn: Duration) -> (f64, f64) {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
        let mut connections: Vec<Connection> = vec![];
        for number in 0..self.connections {
            let connection = Connection::open(&server.at(self.place));
            let event = EpollEvent::new(EpollFlags::EPOLLIN, number as u64);
            epoll.add(connection.stream.as_fd(), event).unwrap();
            connections.push(connection);
        }
        let start = Instant::now();
        connections.iter_mut().for_each(|connection| connection.send(self.request));
        let (mut calls, mut waiting) = (0.0, self.connections);
        let mut events = [EpollEvent::empty(); 64];
        while waiting > 0 {
            let ready = epoll.wait(&mut events, EpollTimeout::from(SILENCE)).unwrap();
            assert!(ready > 0, "no answer");
            for event in &events[..ready] {
                let connection = &mut connections[event.data() as usize];
                if connection.receive() {
                    calls += 1.0;
                    if start.elapsed() < turn { connection.send(self.request) } else { waiting -= 1 }
                }
            }
        }
        (calls, calls / start.elapsed().as_secs_f64())
    }
}

trait Stream: Read + Write + AsFd {}
impl Stream for UnixStream {}
impl Stream for TcpStream {}

struct Connection {
    stream: Box<dyn Stream>,
    room: Vec<u8>,
    /// Bytes in the room.
    got: usize,
    /// Bytes of head and body once the head is there.
    whole: usize,
    /// Bytes of the body.
    body: usize,
}

impl Connection {
    fn open(at: &Address) -> Self {
        let stream: Box<dyn Stream> = match at {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).unwrap();
                stream.set_nonblocking(true).unwrap();
                Box::new(stream)
            }
            Address::Tcp(port) => {
                let stream = TcpStream::connect(("127.0.0.1", *port)).unwrap();
                stream.set_nodelay(true).unwrap();
                stream.set_nonblocking(true).unwrap();
                Box::new(stream)
            }
        };
        Self { stream, room: vec![0; ROOM], got: 0, whole: 0, body: 0 }
    }

    /// Requests are small, so the socket takes one whole.
    fn send(&mut self, request: &[u8]) {
        (self.got, self.whole) = (0, 0);
        self.stream.write_all(request).unwrap();
    }

    /// Reads what there is; true when the answer is whole.
    fn receive(&mut self) -> bool {
        loop {
            if self.got == self.room.len() {
                self.room.resize(self.got * 2, 0);
            }
            match self.stream.read(&mut self.room[self.got..]) {
                Ok(0) => panic!("the server closed"),
                Ok(n) => self.got += n,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("{error}"),
            }
            if self.whole == 0 {
                self.read_head();
            }
            if self.whole > 0 && self.got >= self.whole {
                assert!(self.room[..self.got].ends_with(b"</methodResponse>\n"), "no answer");
                return true;
            }
        }
    }

    fn read_head(&mut self) {
        let Some(end) = self.room[..self.got].windows(4).position(|window| window == b"\r\n\r\n") else { return };
        let head = std::str::from_utf8(&self.room[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
        });
        self.body = length.unwrap();
        self.whole = end + 4 + self.body;
    }
}
