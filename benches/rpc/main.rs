//! How fast calls are answered: by us, by a bare hyper server that answers a
//! constant of the same length, and by the reference if `make test` has installed
//! it. All run side by side and take turns, so that what else the machine does
//! hits each of them alike; what counts are the ratios. Prints, and judges nothing.
//! Words behind `--` choose the rows whose titles contain one of them.
//!
//! Rates swing with whatever else the machine does. To see what a change is worth,
//! count instructions: start the daemon under `valgrind --tool=callgrind
//! --instr-atstart=no` with programs that do not start by themselves (valgrind does
//! not know how we make children), turn the counting on with `callgrind_control -i
//! on`, and make a known number of calls over kept connections.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may fail where it stands, and prints"
)]

mod bare;
mod load;
mod servers;

use load::{Load, request};
use servers::{Place, Server};
use std::time::Duration;

/// Each figure is the median of so many turns.
const TURNS: usize = 5;

/// How long a turn of one server takes; a call that takes longer is finished.
const TURN: Duration = Duration::from_millis(300);

/// Programs of a small and of a large configuration.
const FEW: usize = 10;
const MANY: usize = 1_000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("--bare") => bare::serve(&words[1..]),
        _ => compare(),
    }
}

fn compare() {
    println!("{:32} {:>44} {:>26}", "", "calls a second", "microseconds of CPU a call");
    println!(
        "{:32} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>7} {:>8}",
        "", "ours", "bare", "theirs", "of bare", "faster", "ours", "bare", "theirs"
    );
    let (ours, theirs) = (Server::ours(FEW), Server::theirs(FEW));
    for (name, request) in
        [("getState", request("getState", None)), ("getProcessInfo", request("getProcessInfo", Some("up")))]
    {
        let bare = Server::bare(load::answer_length(&ours.at(Place::Unix), &request));
        for place in [Place::Unix, Place::Tcp] {
            for connections in [1, 16, 64] {
                let load = Load { place, request: &request, connections };
                row(&format!("{name}, {place}, {connections}"), &load, &ours, &bare, theirs.as_ref());
            }
        }
    }
    drop((ours, theirs));
    let (ours, theirs) = (Server::ours(MANY), Server::theirs(MANY));
    for (name, connections) in [("getState", 16), ("getAllProcessInfo", 1), ("getAllProcessInfo", 16)] {
        let request = request(name, None);
        let bare = Server::bare(load::answer_length(&ours.at(Place::Unix), &request));
        let load = Load { place: Place::Unix, request: &request, connections };
        row(&format!("{name} of {MANY}, unix, {connections}"), &load, &ours, &bare, theirs.as_ref());
    }
}

/// Whether a word of the command line is in the title, or there is none.
fn is_chosen(title: &str) -> bool {
    // cargo adds a flag of its own
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--")).peekable();
    words.peek().is_none() || words.any(|word| title.contains(&word))
}

/// The rates of all, how ours compares, and what a call costs each in CPU: on a
/// busy machine that says more than the rates.
fn row(title: &str, load: &Load<'_>, ours: &Server, bare: &Server, theirs: Option<&Server>) {
    if !is_chosen(title) {
        return;
    }
    let turn = |server: &Server| {
        let before = server.cpu();
        let (calls, rate) = load.run(server, TURN);
        (rate, (server.cpu() - before).as_secs_f64() * 1e6 / calls)
    };
    let mut turns = vec![];
    for _ in 0..TURNS {
        let (our_rate, our_cost) = turn(ours);
        let (bare_rate, bare_cost) = turn(bare);
        let (their_rate, their_cost) = theirs.map_or((f64::NAN, f64::NAN), turn);
        let ratios = [our_rate / bare_rate, our_rate / their_rate];
        turns.push([our_rate, bare_rate, their_rate, ratios[0], ratios[1], our_cost, bare_cost, their_cost]);
    }
    let median = |column: usize| {
        let mut values: Vec<f64> = turns.iter().map(|turn| turn[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!(
        "{title:32} {:>8.0} {:>8.0} {:>8.0} {:>8.2} {:>7.0}x {:>9.1} {:>7.1} {:>8.1}",
        median(0),
        median(1),
        median(2),
        median(3),
        median(4),
        median(5),
        median(6),
        median(7)
    );
}
