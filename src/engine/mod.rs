//! Doing. Owns the manager and everything that has a descriptor.

pub mod handle;

pub use handle::EngineHandle;
