//! Exit codes of supervisorctl (B3.8). The last one set stands, not the largest.

use crate::rpc::FaultCode;

/// All went well.
pub const SUCCESS: u8 = 0;
/// Something failed.
pub const GENERIC: u8 = 1;
/// Bad options or configuration; `start` without a name or of an unknown group.
pub const INVALID_ARGS: u8 = 2;
/// The server has no `supervisor` namespace.
pub const UNIMPLEMENTED_FEATURE: u8 = 3;
/// `status`: some process shown is not up.
pub const STATUS_NOT_RUNNING: u8 = 3;
/// Nobody listens at the server's address.
pub const INSUFFICIENT_PRIVILEGES: u8 = 4;
/// `status`: an unknown name, or no server.
pub const STATUS_UNKNOWN: u8 = 4;
/// The server speaks another version of the API.
pub const NOT_INSTALLED: u8 = 5;
/// A program did not come up or is not up; the server's socket is missing.
pub const NOT_RUNNING: u8 = 7;
/// `wait`: out of time, as timeout(1) has it.
pub const TIMED_OUT: u8 = 124;
/// Ended by Ctrl-C where that is not the way to end it: 128 + SIGINT.
pub const INTERRUPTED: u8 = 130;

/// The status of a result that is no fault (B1.7).
pub const RESULT_OK: i32 = 80;

/// The exit code that one result asks for; `None` leaves it as it is. `fine` is
/// the fault that this command does not mind.
#[must_use]
pub fn after_result(status: i32, fine: Option<FaultCode>) -> Option<u8> {
    let is = |code: FaultCode| status == code.code();
    if status == RESULT_OK || fine.is_some_and(is) {
        None
    } else if is(FaultCode::SpawnError) || is(FaultCode::AbnormalTermination) || is(FaultCode::NotRunning) {
        Some(NOT_RUNNING)
    } else {
        Some(GENERIC)
    }
}

#[cfg(test)]
mod tests {
    use super::after_result;
    use crate::rpc::FaultCode;

    /// B3.7 (tables of start, stop, signal), B3.8
    #[test]
    fn dead_programs_are_7_other_faults_1_and_what_is_fine_stays() {
        let after = |code: FaultCode, fine| after_result(code.code(), fine);
        assert_eq!(after_result(80, None), None);
        assert_eq!(after(FaultCode::AlreadyStarted, Some(FaultCode::AlreadyStarted)), None);
        assert_eq!(after(FaultCode::NotRunning, Some(FaultCode::NotRunning)), None);
        assert_eq!(after(FaultCode::NotRunning, None), Some(7));
        assert_eq!(after(FaultCode::SpawnError, Some(FaultCode::AlreadyStarted)), Some(7));
        assert_eq!(after(FaultCode::AbnormalTermination, None), Some(7));
        assert_eq!(after(FaultCode::NoFile, None), Some(1));
    }
}
