//! Panics, which are bugs, cost no more than what they happened to.

use super::{Client, House, PLANTED, Setup, answered, call, with};
use std::fs;

async fn follow(house: &House, name: &str) -> Client {
    fs::write(house.directory.path().join(name), "").unwrap();
    let mut client = house.connect().await;
    client.send(format!("GET /logtail/{name} HTTP/1.1\r\n\r\n")).await;
    client.answer().await;
    client
}

#[test]
fn a_panic_costs_the_connection_that_it_happened_to() {
    with(Setup::default(), async |house| {
        let mut other = house.connect().await;
        assert_eq!(house.exchange("GET /planted HTTP/1.1\r\n\r\n").await, "");
        other.send(call("supervisor.getAPIVersion")).await;
        assert_eq!(other.answer().await, answered("HTTP/1.1 200 OK", "<string>3.0</string>"));
        house.tells("CRIT Server 'unix_http_server' lost a connection: panic: planted").await;
    });
}

#[test]
fn a_panic_at_the_door_costs_one_client() {
    with(Setup::default(), async |house| {
        let mut earlier = house.connect().await;
        earlier.send(call("supervisor.getAPIVersion")).await;
        earlier.answer().await;
        PLANTED.set("accept");
        assert_eq!(house.connect().await.rest().await, "");
        house.tells("CRIT Server 'unix_http_server' lost a connection: panic: planted").await;
        let call = call("supervisor.getAPIVersion");
        earlier.send(&call).await;
        for answer in [earlier.answer().await, house.ask(&call).await] {
            assert_eq!(answer, answered("HTTP/1.1 200 OK", "<string>3.0</string>"));
        }
    });
}

#[test]
fn a_panic_of_a_follower_ends_its_stream_alone() {
    with(Setup::default(), async |house| {
        let mut other = follow(house, "good").await;
        PLANTED.set("feed");
        fs::write(house.directory.path().join("bad"), "").unwrap();
        house.exchange("GET /logtail/bad HTTP/1.1\r\n\r\n").await;
        house.tells("CRIT Server 'unix_http_server' lost a follower of a log: panic: planted").await;
        house.engine.lines.borrow_mut().clear();
        // and where the log is read, on another thread
        let mut bad = follow(house, "bad").await;
        fs::write(house.directory.path().join("bad"), "planted").unwrap();
        assert_eq!(bad.rest().await, "", "cut off: no end of the log is told");
        house.tells("CRIT Server 'unix_http_server' lost a follower of a log: panic: planted").await;
        fs::write(house.directory.path().join("good"), "text").unwrap();
        assert_eq!(other.take(9).await, "4\r\ntext\r\n");
    });
}

#[test]
fn what_serves_all_followers_goes_on_after_a_panic() {
    for place in ["listen", "gather", "beat"] {
        with(Setup::default(), async |house| {
            let mut client = follow(house, "log").await;
            let path = house.directory.path().join("log");
            fs::write(&path, "first").unwrap();
            assert_eq!(client.take(10).await, "5\r\nfirst\r\n");
            PLANTED.set(place);
            // its successor is found by looking only
            fs::rename(&path, house.directory.path().join("old")).unwrap();
            house.tells("CRIT Server 'unix_http_server' lost a look at followed logs: panic: planted").await;
            fs::write(&path, "again").unwrap();
            assert_eq!(client.take(10).await, "5\r\nagain\r\n", "{place}");
        });
    }
}
