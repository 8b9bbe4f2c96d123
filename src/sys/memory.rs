//! How the C library keeps freed memory.

/// Heaps at most: one for the loop, one for all other threads, which allocate
/// little. By itself the library makes up to eight for each processor, one after
/// the other as lives and their threads come and go, and none gets smaller.
#[cfg(target_env = "gnu")]
const HEAPS: libc::c_int = 2;

/// Blocks of so many bytes go back to the system when they are freed. By itself the
/// library takes a freed one for a sign that more like it are wanted, up to 32 MiB:
/// then small blocks come to lie behind large ones, and nothing is given back.
#[cfg(target_env = "gnu")]
const LARGE_BLOCK: libc::c_int = 2 << 20;

/// Keeps no memory of large blocks. To be called before there are threads.
pub fn give_back_large_blocks() {
    // SAFETY: sets a number, before anybody else could be looking at it.
    #[cfg(target_env = "gnu")]
    let _others_do_without = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE_BLOCK) };
    // SAFETY: as above. What is free at a heap's end, and was left alone so far, too.
    #[cfg(target_env = "gnu")]
    let _others_do_without = unsafe { libc::mallopt(libc::M_TRIM_THRESHOLD, 4 * LARGE_BLOCK) };
}

/// Keeps the number of heaps small. To be called before there are threads.
pub fn keep_few_heaps() {
    // SAFETY: sets a number, before anybody else could be looking at it.
    #[cfg(target_env = "gnu")]
    let _older_libraries_do_without = unsafe { libc::mallopt(libc::M_ARENA_MAX, HEAPS) };
}

/// Lets small blocks that are freed join their neighbours at once. Kept apart for
/// quick reuse, all of them have to be joined whenever a block of a kilobyte is
/// wanted, and every larger answer is one. To be called before there are threads.
pub fn join_freed_blocks() {
    // SAFETY: sets a number, before anybody else could be looking at it.
    #[cfg(target_env = "gnu")]
    let _others_do_without = unsafe { libc::mallopt(libc::M_MXFAST, 0) };
}
