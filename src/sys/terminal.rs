//! The terminal at our standard output.

/// Its lines and columns; `None` when it is no terminal or does not tell.
#[must_use]
pub fn size() -> Option<(usize, usize)> {
    let mut found = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the kernel writes one winsize to the place given, which is one.
    let answer = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut found) };
    (answer == 0 && found.ws_row > 0 && found.ws_col > 0).then(|| (found.ws_row.into(), found.ws_col.into()))
}
