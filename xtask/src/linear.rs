//! `cargo xtask linear`: whether what an input costs grows as its size does, counted in instructions.

use std::process::Command;

use crate::args::Linear;
use crate::command::{cargo, succeed, target};
use crate::{Result, root};

/// How much more the second doubling may cost than the first. Two is linear, four is quadratic; a little more
/// than two is what sorting takes.
const MOST: f64 = 2.6;

/// Of how many parts of the size that is promised the smallest of the three sizes is one.
const PARTS: usize = 50;

/// Runs the task.
pub(crate) fn run(Linear { names }: &Linear) -> Result<()> {
    succeed(cargo().current_dir(root()).args(["build", "--quiet", "--release", "--package", "hostile"]))?;
    let program = target().join("release/hostile");
    let listed = Command::new(&program).arg("--list").output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let mut slow = Vec::new();
    for (name, size) in listed.lines().filter_map(|line| line.split_once(' ')) {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let size = size.parse::<usize>()? / PARTS;
        let [one, two, four] = [size, 2 * size, 4 * size].map(|size| instructions(&program, name, size));
        let (one, two, four) = (one?, two?, four?);
        let growth = (four - two) / (two - one).max(1.0);
        println!("{name:24} {size:>8}: {one:>14.0} {two:>14.0} {four:>14.0}  {growth:.2}");
        if growth > MOST {
            slow.push(format!("{name} ({growth:.2})"));
        }
    }
    if slow.is_empty() { Ok(()) } else { Err(format!("not linear: {}", slow.join(", ")).into()) }
}

/// How many instructions the newest release takes for an input.
fn instructions(program: &std::path::Path, name: &str, size: usize) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    let output = command.arg(program).args([name, &size.to_string(), "newest"]).output();
    let output =
        output.map_err(|error| format!("cannot run valgrind, which counts instructions: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let counted = told
        .lines()
        .find_map(|line| line.split_once("I refs:"))
        .map(|(_, count)| count.trim().replace(',', ""));
    let counted = counted.ok_or_else(|| format!("{name} of {size}: valgrind counted nothing:\n{told}"))?;
    Ok(counted.parse()?)
}
