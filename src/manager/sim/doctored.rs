//! The shadow notices. What is seen of a sound world is falsified as a broken
//! rule would falsify it, and each time the shadow must complain.

use super::seen::Seen;
use super::walk::{Doctor, walk};
use crate::manager::event::{Change, Event};
use crate::manager::{Answer, Refusal};
use crate::model::{Level, ProcessState, Signal};
use std::time::Duration;

/// Whether the shadow complains in some of these lives.
fn is_noticed(doctor: Doctor) -> bool {
    (1..=20).any(|seed| walk(seed, 500, doctor).is_err())
}

/// Takes the first that fits out.
fn lose(seen: &mut Vec<Seen>, fits: fn(&Seen) -> bool) {
    if let Some(place) = seen.iter().position(fits) {
        seen.remove(place);
    }
}

/// Turns round the first two neighbours that fit.
fn swap(seen: &mut [Seen], fit: fn(&Seen, &Seen) -> bool) {
    if let Some(place) = seen.windows(2).position(|pair| fit(&pair[0], &pair[1])) {
        seen.swap(place, place + 1);
    }
}

fn change(seen: &Seen) -> Option<&Change> {
    match seen {
        Seen::Raised(Event::ProcessState { to, .. }) => Some(to),
        _ => None,
    }
}

#[test]
fn a_world_that_is_left_alone_is_as_foretold() {
    assert!(!is_noticed(Doctor::None));
}

/// A4.9, A4.24, A6.11–A6.18, A6.40
#[test]
fn an_event_that_is_lost_moved_or_wrong_is_noticed() {
    let falsified: [fn(&mut Vec<Seen>); 7] = [
        |seen| lose(seen, |one| matches!(change(one), Some(Change::Stopping { .. }))),
        |seen| lose(seen, |one| matches!(change(one), Some(Change::Fatal))),
        |seen| lose(seen, |one| matches!(one, Seen::Raised(Event::SupervisorStopping))),
        |seen| lose(seen, |one| matches!(one, Seen::Raised(Event::Tick { .. }))),
        // The line before the event.
        |seen| swap(seen, |one, next| change(one).is_some() && matches!(next, Seen::Said(..))),
        |seen| {
            for one in seen {
                if let Seen::Raised(Event::ProcessState { to: Change::Exited { expected, .. }, .. }) = one {
                    *expected = !*expected;
                }
            }
        },
        |seen| {
            for one in seen {
                if let Seen::Raised(Event::ProcessState { to: Change::Backoff { tries }, .. }) = one {
                    *tries -= 1;
                }
            }
        },
    ];
    for (number, falsify) in falsified.into_iter().enumerate() {
        assert!(is_noticed(Doctor::Seen(falsify)), "number {number}");
    }
}

/// A4.26, A4.75, A4.76, A4.79, A4.91
#[test]
fn a_signal_that_is_wrong_or_out_of_turn_is_noticed() {
    let falsified: [fn(&mut Vec<Seen>); 4] = [
        // To the whole group instead of the one, or the other way round.
        |seen| {
            for one in seen {
                if let Seen::Signalled { group, .. } = one {
                    *group = !*group;
                }
            }
        },
        // The last first.
        |seen| {
            let told: Vec<usize> = (0..seen.len()).filter(|at| matches!(seen[*at], Seen::Signalled { .. })).collect();
            if let [first, .., last] = told[..] {
                seen.swap(first, last);
            }
        },
        |seen| lose(seen, |one| matches!(one, Seen::Signalled { signal, .. } if *signal == Signal::KILL)),
        // Twice.
        |seen| seen.extend(seen.iter().find(|one| matches!(one, Seen::Signalled { .. })).cloned()),
    ];
    for (number, falsify) in falsified.into_iter().enumerate() {
        assert!(is_noticed(Doctor::Seen(falsify)), "number {number}");
    }
}

/// A4.20, A4.89, A5.60–A5.66
#[test]
fn a_start_or_a_line_that_is_missing_is_noticed() {
    let falsified: [fn(&mut Vec<Seen>); 4] = [
        |seen| lose(seen, |one| matches!(one, Seen::Spawned(_))),
        |seen| swap(seen, |one, next| matches!((one, next), (Seen::Raised(_), Seen::Spawned(_)))),
        |seen| lose(seen, |one| matches!(one, Seen::Said(Level::Info, text) if text.starts_with("gave up: "))),
        |seen| {
            for one in seen {
                if let Seen::Said(level @ Level::Warn, text) = one {
                    *level = if text.starts_with("stopped: ") { Level::Info } else { Level::Warn };
                }
            }
        },
    ];
    for (number, falsify) in falsified.into_iter().enumerate() {
        assert!(is_noticed(Doctor::Seen(falsify)), "number {number}");
    }
}

/// A4.5–A4.7, A4.15, A4.16, A4.30
#[test]
fn a_process_that_is_described_wrongly_is_noticed() {
    assert!(is_noticed(Doctor::View(|view| {
        if view.state == ProcessState::Stopped {
            view.backoff += 1;
        }
    })));
    assert!(is_noticed(Doctor::View(|view| view.exitstatus = view.exitstatus.filter(|status| *status != -1))));
    assert!(is_noticed(Doctor::View(|view| {
        if view.state == ProcessState::Starting {
            view.moves = view.moves.map(|at| at + Duration::from_secs(1));
        }
    })));
    assert!(is_noticed(Doctor::View(|view| {
        if view.state == ProcessState::Backoff {
            view.spawnerr = None;
        }
    })));
    assert!(is_noticed(Doctor::View(|view| view.laststop = None)));
}

/// B1.6.4, B1.6.8, B1.7.4
#[test]
fn an_answer_that_is_wrong_is_noticed() {
    assert!(is_noticed(Doctor::Answers(|answer| {
        if let Answer::One(Err(Refusal::SpawnError(_))) = answer {
            *answer = Answer::One(Ok(()));
        }
    })));
    assert!(is_noticed(Doctor::Answers(|answer| {
        if let Answer::Many(outcomes) = answer {
            outcomes.reverse();
        }
    })));
}
