//! Runs what the fuzz targets do on their seeds and on variations of them, so
//! that no nightly toolchain is needed to notice a parser that panics.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test may fail where it stands"
)]

use std::fs;
use std::path::PathBuf;

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

/// Variations of each seed; seconds in a debug build, not minutes.
const VARIATIONS: u64 = 400;

/// Bytes that mean something to one parser or another.
const MARKS: &[u8] = b"<>/!?-[]&;:#%$'\"= \t\r\n\0\x1b\x7f\xff\xc3aD09_.,()\\";

fn fuzz() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// A target's seeds, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

/// A generator good enough to pick places, the same on every run.
struct Picks(u64);

impl Picks {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    /// One to four small damages.
    fn vary(&mut self, seed: &[u8]) -> Vec<u8> {
        let mut data = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(data.len());
            let mark = MARKS[self.below(MARKS.len())];
            match self.below(5) {
                0 if !data.is_empty() => data[at] = mark,
                1 if !data.is_empty() => drop(data.remove(at)),
                2 => data.truncate(at),
                3 => {
                    let part = data[at..data.len().min(at + 16)].to_vec();
                    let to = self.below(data.len());
                    data.splice(to..to, part);
                }
                _ => data.insert(at, mark),
            }
        }
        data
    }
}

/// Tells what was being run when a body panics inside.
struct Told<'a>(&'a str, &'a str, &'a [u8]);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("while running {} on a variation of {}: {:?}", self.0, self.1, String::from_utf8_lossy(self.2));
        }
    }
}

#[test]
fn every_body_survives_its_seeds_and_their_variations() {
    for (target, _) in bodies::TARGETS {
        for (name, seed) in seeds(target) {
            let mut picks = Picks(seed.len() as u64);
            let variations = (0..VARIATIONS).map(|_| picks.vary(&seed));
            for data in std::iter::once(seed.clone()).chain(variations) {
                let _told = Told(target, &name, &data);
                bodies::run(target, &data);
            }
        }
    }
}

/// A target that is not built, or a binary without a body, would fuzz nothing.
#[test]
fn every_target_has_its_binary() {
    let manifest: toml::Table = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
    let binaries: Vec<_> =
        manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap()).collect();
    let targets: Vec<_> = bodies::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(binaries, targets, "fuzz/Cargo.toml and fuzz/bodies/mod.rs list different targets");
    for name in targets {
        let source = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(source.contains(&format!("bodies::run(\"{name}\", data)")), "fuzz_targets/{name}.rs runs another body");
    }
}
