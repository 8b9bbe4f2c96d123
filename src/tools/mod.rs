//! The two small programs beside daemon and client.

pub mod echo_conf;
pub mod pidproxy;
