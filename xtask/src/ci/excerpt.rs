//! What a failed step has said of its failures: whoever sees only the end of a long run shall see why it
//! failed.

/// How many lines from the end of a step's output are kept in any case.
const LAST: usize = 40;
/// How many lines of one failure are kept.
const OF_A_FAILURE: usize = 120;

/// The lines of a failed step that tell why: what cargo's and Node's tests and what compilers say of a
/// failure, and the last lines.
pub(super) fn excerpt(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let mut kept = vec![false; lines.len()];
    let mut keep = |from: usize, to: usize| kept.iter_mut().take(to).skip(from).for_each(|kept| *kept = true);
    keep(lines.len().saturating_sub(LAST), lines.len());
    for (at, line) in lines.iter().enumerate() {
        if let Some(end) = end(line) {
            let rest = lines.iter().skip(at + 1).take(OF_A_FAILURE);
            keep(at, at + 1 + rest.take_while(|line| !end(line)).count());
        }
    }
    let mut told = String::new();
    let mut is_cut = false;
    for (line, kept) in lines.iter().zip(kept) {
        if kept && std::mem::take(&mut is_cut) {
            told.push_str("…\n");
        }
        if kept {
            told.push_str(line);
            told.push('\n');
        }
        is_cut |= !kept;
    }
    told
}

/// Where a failure starts: what tells its end.
fn end(line: &str) -> Option<fn(&str) -> bool> {
    let starts = |start: &str| line.starts_with(start);
    if line == "failures:" || starts("thread '") || starts("---- ") {
        // All that libtest repeats of a failed test, and of one that ends the whole program.
        Some(|line| line.starts_with("test result:"))
    } else if starts("not ok ") || starts("    not ok ") {
        Some(|line| line.trim() == "...")
    } else if starts("error") || starts("FAILED ") || starts("E   ") {
        Some(str::is_empty)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    fn lines(count: usize) -> String {
        (0..count).map(|line| format!("line {line}\n")).collect()
    }

    #[test]
    fn a_failed_test_is_told_however_much_comes_after_it() {
        let failure = "failures:\n\n---- a::b stdout ----\nleft: 1\n\ntest result: FAILED. 0 passed\n";
        let told = excerpt(&format!("{}{failure}{}", lines(100), lines(100)));
        assert!(told.starts_with("…\nfailures:\n\n---- a::b stdout ----\nleft: 1\n\n…\nline 60\n"), "{told}");
        assert!(told.ends_with("line 99\n"));
    }

    #[test]
    fn a_failed_subtest_of_node_is_told() {
        let told =
            excerpt(&format!("ok 1 - a\nnot ok 2 - b\n  ---\n  error: x\n  ...\nok 3 - c\n{}", lines(40)));
        assert!(told.starts_with("…\nnot ok 2 - b\n  ---\n  error: x\n…\nline 0\n"), "{told}");
    }

    #[test]
    fn what_does_not_compile_is_told() {
        let told = excerpt(&format!("error[E0308]: mismatched types\n --> a.rs:1:1\n\n{}", lines(50)));
        assert!(told.starts_with("error[E0308]: mismatched types\n --> a.rs:1:1\n…\nline 10\n"), "{told}");
    }

    #[test]
    fn a_short_output_is_told_whole() {
        assert_eq!(excerpt("a\nb\n"), "a\nb\n");
    }
}
