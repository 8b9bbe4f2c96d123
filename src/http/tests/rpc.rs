//! Calls over the wire.

use super::{Setup, answered, call, call_body, error, post, start, with};

fn multicall(calls: &[&str]) -> String {
    let entry = |method: &&str| {
        format!("<value><struct><member><name>methodName</name><value>{method}</value></member></struct></value>")
    };
    let entries: String = calls.iter().map(entry).collect();
    let params = format!("<params><param><value><array><data>{entries}</data></array></value></param></params>");
    post("HTTP/1.1", "", &call_body("system.multicall").replace("<params>\n</params>", &params))
}

/// B1.1.3, B2.2.1, B2.2.3
#[test]
fn faults_come_with_status_200() {
    with(Setup::default(), async |house| {
        let answer = house.ask(call("supervisor.nope")).await;
        let head = "HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nDate: D\r\nContent-Type: text/xml\r\nContent-Length: 269\r\n\r\n";
        assert!(answer.starts_with(head), "{answer}");
        assert!(
            answer.contains("<name>faultString</name>\n<value><string>UNKNOWN_METHOD</string></value>"),
            "{answer}"
        );
    });
}

/// B1.14.4, B1.14.6, B1.14.7
#[test]
fn a_multicall_is_made_in_order_with_bare_results_and_faults_in_their_places() {
    with(Setup::default(), async |house| {
        let request = multicall(&["supervisor.getAPIVersion", "supervisor.nope", "supervisor.getState"]);
        let answer = house.ask(request).await;
        let places = ["<data>\n<value><string>3.0<", "<name>faultCode</name>\n<value><int>1<", "<string>RUNNING<"];
        let found: Vec<_> = places.iter().map(|part| answer.find(part)).collect();
        assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{answer}");
        let requests = house.engine.requests.borrow();
        assert_eq!(*requests, [crate::rpc::Request::GetApiVersion, crate::rpc::Request::GetState]);
    });
}

/// B1.12.1
#[test]
fn a_waiting_call_holds_up_nobody_else() {
    with(Setup::default(), async |house| {
        let mut waiting = house.connect().await;
        waiting.send(start("slow")).await;
        house.engine.waiting.notified().await;
        let answer = house.ask(call("supervisor.getAPIVersion")).await;
        assert_eq!(answer, answered("HTTP/1.1 200 OK", "<string>3.0</string>"));
        house.engine.release.notify_one();
        assert_eq!(waiting.answer().await, answered("HTTP/1.1 200 OK", "<boolean>1</boolean>"));
    });
}

/// B2.12.2
#[test]
fn pages_of_other_sites_may_not_call_unless_that_is_switched_on() {
    let request = call("supervisor.getAPIVersion").replace("Host: localhost", "Host: h\r\nOrigin: http://evil.example");
    let again = request.clone();
    with(Setup::default(), async |house| {
        assert_eq!(house.ask(request).await, error("HTTP/1.1", 403, "Forbidden"));
        assert!(house.engine.requests.borrow().is_empty());
    });
    with(Setup { cross_origin: true, ..Setup::default() }, async |house| {
        assert_eq!(house.ask(again).await, answered("HTTP/1.1 200 OK", "<string>3.0</string>"));
    });
}

/// B2.13.1, B2.13.2, B2.13.3, A5.91, A5.92, A5.93
#[test]
fn calls_and_answers_are_logged() {
    with(Setup::default(), async |house| {
        house.ask(call("supervisor.getAPIVersion")).await;
        house.ask(call("supervisor.nope")).await;
        house.ask(post("HTTP/1.1", "", "it's not xml")).await;
        house.ask("GET /x?y HTTP/1.1\r\n\r\n").await;
        let stamp = |line: &String| match (line.find(" ["), line.find("] ")) {
            (Some(from), Some(to)) if from < to && line.contains("- -") => {
                format!("{} [T{}", &line[..from], &line[to..])
            }
            _ => line.clone(),
        };
        let lines: Vec<_> = house.engine.lines.borrow().iter().map(stamp).collect();
        assert_eq!(
            lines,
            [
                "TRAC XML-RPC method called: supervisor.getAPIVersion()",
                "TRAC XML-RPC method supervisor.getAPIVersion() returned successfully",
                "TRAC localhost:0 - - [T] \"POST /RPC2 HTTP/1.1\" 200 251",
                "TRAC XML-RPC method called: supervisor.nope()",
                "TRAC XML-RPC method supervisor.nope() returned fault: [1] UNKNOWN_METHOD",
                "TRAC localhost:0 - - [T] \"POST /RPC2 HTTP/1.1\" 200 391",
                "ERRO XML-RPC request data \"it's not xml\" is invalid: unmarshallable",
                "TRAC localhost:0 - - [T] \"POST /RPC2 HTTP/1.1\" 400 268",
                "TRAC localhost:0 - - [T] \"GET /x?y HTTP/1.1\" 404 264",
            ]
        );
    });
}
