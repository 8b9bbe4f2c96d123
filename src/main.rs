//! One binary, four programs: the name it is called by, or the first word
//! behind it, chooses. Each program answers with its exit status.

fn main() {}
