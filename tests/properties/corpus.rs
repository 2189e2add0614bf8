//! What is worth keeping of what a fuzzer made up goes through the doors in every run.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use proptest::sample::select;

use crate::doors::{ALL, enter};
use crate::{check, text};

#[test]
fn every_door_keeps_its_promises_for_each_file_of_its_corpus() {
    for (name, _) in ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let files: Vec<_> = files.collect();
        assert!(!files.is_empty(), "{}", folder.display());
        let broken = files.iter().filter(|file| {
            let bytes = fs::read(file).unwrap();
            catch_unwind(|| enter(name, &bytes)).is_err()
        });
        let broken: Vec<_> = broken.collect();
        assert!(broken.is_empty(), "{broken:?}");
    }
}

#[test]
fn every_door_keeps_its_promises_for_any_text() {
    let names = ALL.map(|(name, _)| name).to_vec();
    check((select(names), text()), |(name, text)| {
        enter(name, text.as_bytes());
        Ok(())
    });
}
