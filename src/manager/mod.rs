//! Decisions. The heart: owns groups and processes, reads no clock, does no I/O.

pub mod event;
pub mod info;
pub mod listener;
pub mod pool;
pub mod tick;
