//! Events on their way to the engine. Never waits: what the channel has no room
//! for stays here in order, and the channel rings when there is room.

use super::PumpEvent;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::sync::mpsc::OwnedPermit;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::{SendError, TrySendError};

/// A place in the channel that was asked for.
type Place = Pin<Box<dyn Future<Output = Result<OwnedPermit<PumpEvent>, SendError<()>>> + Send>>;

pub(super) struct Outbox {
    /// `None` when nobody listens any more.
    sender: Option<Sender<PumpEvent>>,
    /// Not to be sent before what else they stand for is done.
    staged: VecDeque<PumpEvent>,
    backlog: VecDeque<PumpEvent>,
    place: Option<Place>,
    bell: Waker,
}

impl Outbox {
    pub(super) fn new(sender: Sender<PumpEvent>, bell: Waker) -> Self {
        Self { sender: Some(sender), staged: VecDeque::new(), backlog: VecDeque::new(), place: None, bell }
    }

    /// Keeps for the next [`release`](Self::release): who hears of a line may
    /// look for it in the log.
    pub(super) fn push(&mut self, event: PumpEvent) {
        if self.sender.is_some() {
            self.staged.push_back(event);
        }
    }

    /// Sends what was pushed, behind what is kept already.
    pub(super) fn release(&mut self) {
        self.backlog.append(&mut self.staged);
        self.flush();
    }

    /// Sends what the channel has room for.
    fn flush(&mut self) {
        while let Some(event) = self.backlog.pop_front() {
            let sent = if self.place.is_some() { self.send_to_place(event) } else { self.send_now(event) };
            match sent {
                Sent::Yes => {}
                Sent::NotYet(event) => return self.backlog.push_front(event),
                Sent::NobodyListens => return self.close(),
            }
        }
    }

    /// Whether events wait; who would add more should pause.
    pub(super) fn is_behind(&self) -> bool {
        !self.backlog.is_empty()
    }

    fn send_now(&mut self, event: PumpEvent) -> Sent {
        let Some(sender) = &self.sender else { return Sent::NobodyListens };
        match sender.try_send(event) {
            Ok(()) => Sent::Yes,
            Err(TrySendError::Closed(_)) => Sent::NobodyListens,
            Err(TrySendError::Full(event)) => {
                self.place = Some(Box::pin(sender.clone().reserve_owned()));
                self.send_to_place(event)
            }
        }
    }

    fn send_to_place(&mut self, event: PumpEvent) -> Sent {
        let Some(place) = &mut self.place else { return Sent::NotYet(event) };
        let Poll::Ready(place) = place.as_mut().poll(&mut Context::from_waker(&self.bell)) else {
            return Sent::NotYet(event);
        };
        self.place = None;
        let Ok(place) = place else { return Sent::NobodyListens };
        place.send(event);
        Sent::Yes
    }

    fn close(&mut self) {
        self.sender = None;
        self.place = None;
        self.backlog.clear();
        self.staged.clear();
    }
}

enum Sent {
    Yes,
    NotYet(PumpEvent),
    NobodyListens,
}

#[cfg(test)]
mod tests {
    use super::{Outbox, PumpEvent};
    use crate::pump::shared::Shared;
    use crate::sys::poll::{Interest, Poller};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::mpsc::channel;

    fn event(process: u32) -> PumpEvent {
        PumpEvent::Drained { process, pid: 1 }
    }

    #[test]
    fn a_full_channel_keeps_the_order_and_rings_when_there_is_room() {
        let shared = Arc::new(Shared::new().unwrap());
        let (sender, mut receiver) = channel(1);
        let mut outbox = Outbox::new(sender, Arc::clone(&shared).into());
        for process in 0..4 {
            outbox.push(event(process));
        }
        assert!(receiver.try_recv().is_err());
        outbox.release();
        let poller = Poller::new().unwrap();
        poller.add(&*shared, 0, Interest::Read).unwrap();
        let mut ready = vec![];
        for process in 0..4 {
            assert_eq!(receiver.try_recv().unwrap(), event(process));
            if process < 3 {
                poller.wait(Some(Duration::from_secs(10)), &mut ready).unwrap();
                assert_eq!(ready.len(), 1, "the bell after event {process}");
                shared.heard();
            }
            outbox.release();
        }
        assert!(!outbox.is_behind() && receiver.try_recv().is_err());
    }

    #[test]
    fn a_receiver_that_is_gone_takes_everything() {
        let shared = Arc::new(Shared::new().unwrap());
        let (sender, receiver) = channel(1);
        let mut outbox = Outbox::new(sender, shared.into());
        outbox.push(event(1));
        outbox.push(event(2));
        outbox.release();
        assert!(outbox.is_behind());
        drop(receiver);
        outbox.release();
        outbox.push(event(3));
        outbox.release();
        assert!(!outbox.is_behind());
    }
}
