//! Completions, as shells ask for them: each that is installed is made to complete a line.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SHOP: &str = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
";

/// A line, up to where it is typed, and what it may go on with.
const LINES: [(&str, &[&str]); 10] = [
    ("waypoint-xds ztunnel-c", &["ztunnel-config"]),
    ("waypoint-xds waypoint l", &["list"]),
    ("waypoint-xds pc clus", &["clusters"]),
    ("waypoint-xds pc clusters -f shop.yaml way", &["waypoint.shop"]),
    ("waypoint-xds translate -f shop.yaml --waypoint ", &["shop/waypoint"]),
    ("waypoint-xds translate --release 1.3", &["1.30", "1.31"]),
    ("waypoint-xds translate --feature PILOT_TRACE", &["PILOT_TRACE_SAMPLING="]),
    ("waypoint-xds status --limit dep", &["depth="]),
    ("waypoint-xds explain method-c", &["method-case"]),
    ("waypoint-xds lint --select perf", &["performance"]),
];

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("completion").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shop.yaml"), SHOP).unwrap();
    folder
}

/// What a shell's script prints, in a folder with the shop, with the program on its path.
fn printed(shell: &str, arguments: &[&str], folder: &Path) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let output = Command::new(shell).args(arguments).current_dir(folder).env("PATH", path).output().unwrap();
    let mut lines: Vec<String> =
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    lines
}

fn is_installed(shell: &str) -> bool {
    let installed = Command::new(shell).args(["-c", "true"]).output().is_ok();
    if !installed {
        eprintln!("{shell} is not installed: its completions are not tried");
    }
    installed
}

#[test]
fn bash_completes_words_values_and_waypoints() {
    assert!(is_installed("bash"));
    let folder = folder("bash");
    for (line, expected) in LINES {
        // As readline does it: the words, and the position of the one that is typed.
        let script = format!(
            "source <(waypoint-xds completion bash)\n\
             COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9\n\
             read -ra COMP_WORDS <<< \"$COMP_LINE\"\n\
             [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')\n\
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             [[ $(complete -p waypoint-xds) =~ -F\\ ([^ ]+) ]]\n\
             ${{BASH_REMATCH[1]}} waypoint-xds \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\" 2>/dev/null\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
        );
        let found: Vec<String> =
            printed("bash", &["-c", &script], &folder).iter().map(|word| word.trim().to_owned()).collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn fish_completes_words_values_and_waypoints() {
    if !is_installed("fish") {
        return;
    }
    let folder = folder("fish");
    for (line, expected) in LINES {
        let script = format!("waypoint-xds completion fish | source; complete --do-complete '{line}'");
        let found = printed("fish", &["--no-config", "-c", &script], &folder);
        let found: Vec<&str> = found.iter().map(|line| line.split('\t').next().unwrap_or_default()).collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn zsh_takes_the_script_and_asks() {
    if !is_installed("zsh") {
        return;
    }
    // zsh completes on a terminal only: what stands in for its `_describe` prints what it is given.
    let folder = folder("zsh");
    for (line, expected) in LINES {
        let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
        let script = format!(
            "compdef() {{ }}; _describe() {{ print -l -- ${{(P)3}} }}\n\
             source <(waypoint-xds completion zsh)\n\
             words=({}); CURRENT=${{#words}}\n\
             _clap_dynamic_completer_waypoint_xds\n",
            words.join(" ")
        );
        let found = printed("zsh", &["-f", "-c", &script], &folder);
        for word in expected {
            assert!(found.iter().any(|line| line.contains(word)), "{line}: {found:?}");
        }
    }
}

#[test]
fn no_shell_is_left_without() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
        let output = command.args(["completion", shell]).output().unwrap();
        assert!(output.status.success() && output.stdout.len() > 100, "{shell}");
    }
}
