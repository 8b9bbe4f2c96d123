//! The two small programs beside daemon and client.

pub mod pidproxy;
