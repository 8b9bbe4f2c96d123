//! The daemon's program: from its command line to its exit status.

pub mod args;
