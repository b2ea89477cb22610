//! `hostile`: what is asked of an input that is made to hurt, and how long that takes.
//!
//! `hostile NAME SIZE [RELEASE]` asks once, for a program that counts instructions (`newest` is a release,
//! too); `hostile [NAME]` asks at the size that is promised and at half of it, in every release, and tells
//! the seconds.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line program for developers")]

use std::process::ExitCode;
use std::time::Instant;

use hostile::{RECIPES, Recipe, everything};
use waypoint_xds::Session;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;

/// As in the command line.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => RECIPES.iter().for_each(time),
        ["--list"] => RECIPES.iter().for_each(|recipe| println!("{} {}", recipe.name, recipe.size)),
        [name, rest @ ..] => {
            let (Some(recipe), Some((size, releases))) = (Recipe::named(name), chosen(rest)) else {
                eprintln!("usage: hostile [--list | NAME [SIZE [RELEASE]]]");
                return ExitCode::from(2);
            };
            match size {
                Some(size) => println!("{}", ask(recipe.text(size), releases)),
                None => time(&recipe),
            }
        }
    }
    ExitCode::SUCCESS
}

/// The newest release, whichever that is.
const NEWEST: &str = "newest";

/// The size and the releases that are asked for.
fn chosen(args: &[&str]) -> Option<(Option<usize>, Vec<Release>)> {
    let size = args.first().map(|size| size.parse().ok());
    let release = args
        .get(1)
        .map(|release| if *release == NEWEST { Some(Release::LATEST) } else { release.parse().ok() });
    let releases = release.map_or_else(|| Some(Release::ALL.to_vec()), |release| Some(vec![release?]))?;
    Some((size.map_or(Some(None), |size| size.map(Some))?, releases))
}

/// How many bytes are said in all.
fn ask(text: String, releases: Vec<Release>) -> usize {
    let file = SourceFile::new("input.yaml", text);
    let session = |release| Session::read([file.clone()], &Options::for_release(release));
    releases.into_iter().map(|release| everything(&session(release))).sum()
}

fn time(recipe: &Recipe) {
    let seconds = |size: usize| {
        let text = recipe.text(size);
        let start = Instant::now();
        let bytes = text.len();
        let said = ask(text, Release::ALL.to_vec());
        (start.elapsed().as_secs_f64(), bytes, said)
    };
    let ((half, ..), (full, bytes, said)) = (seconds(recipe.size / 2), seconds(recipe.size));
    println!(
        "{:24} {:>9}: {half:7.2} s, {full:7.2} s for {bytes} bytes, {said} said",
        recipe.name, recipe.size
    );
}
