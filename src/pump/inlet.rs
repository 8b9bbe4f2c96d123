//! The way into a loop: its queue of orders and its bell.

use super::Order;
use super::shared::Shared;
use crate::model::{LogLine, Now};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// Who holds one may give orders. Never waits.
#[derive(Clone)]
pub(super) struct Inlet {
    orders: Sender<Order>,
    shared: Arc<Shared>,
}

impl Inlet {
    pub(super) fn new(orders: Sender<Order>, shared: Arc<Shared>) -> Self {
        Self { orders, shared }
    }

    /// A loop that is gone takes no orders, and nobody is left to be told.
    pub(super) fn order(&self, order: Order) {
        drop(self.orders.send(order));
        self.shared.nudge();
    }

    /// A line for the activity log, if there is room for it (the first loop's).
    pub(super) fn log(&self, line: LogLine, now: Now) {
        if self.shared.admit(&line.text) {
            self.order(Order::Log(line, now));
        }
    }
}
