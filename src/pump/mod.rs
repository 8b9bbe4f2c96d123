//! The data plane: what children write, on its way to logs and to the engine.

pub mod ansi;
pub mod capture;
