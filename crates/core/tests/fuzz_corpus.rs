//! What the fuzz targets start from, given to them without a fuzzer: what a run has found stays mended.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

/// The targets are of another workspace, which needs libFuzzer; what they do needs nothing.
#[allow(clippy::missing_panics_doc, unreachable_pub, reason = "they are public there")]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

fn corpus(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let inputs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(inputs.len() > 1, "{target} starts from nothing");
    for input in inputs {
        run(&fs::read(input).unwrap());
    }
}

#[test]
fn every_target_survives_its_corpus() {
    corpus("read", targets::read);
    corpus("translate", targets::translate);
    corpus("mend", targets::mend);
    corpus("snapshot", targets::snapshot);
    corpus("mesh", targets::mesh);
    corpus("json", targets::json);
    corpus("dump", targets::dump);
    corpus("doors", targets::doors);
    corpus("patch", targets::patch);
}

/// Folders of the corpus are of targets that there are.
#[test]
fn every_corpus_has_its_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    for folder in fs::read_dir(fuzz.join("corpus")).unwrap() {
        let name = folder.unwrap().file_name().into_string().unwrap();
        assert!(fuzz.join(format!("fuzz_targets/{name}.rs")).is_file(), "{name}");
    }
}
