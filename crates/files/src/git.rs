//! Files as they were in a revision, by `git`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use waypoint_xds::text::SourceFile;

use crate::objects::may_hold_objects;
use crate::{FileError, Found, Unrendered, Wanted, Within, folder, packed};

/// What stands before a revision and a path: `git:main:deploy`.
const PREFIX: &str = "git:";

/// A file or directory as it was in a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// What `git` takes for a commit: `main`, `HEAD~1`, a hash.
    pub revision: String,
    /// The file or directory; it need not be there any more.
    pub path: PathBuf,
}

impl Revision {
    /// The revision and the path of `git:REVISION:PATH`. A file of that name counts as a file.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let text = path.to_str().filter(|_| !path.exists())?;
        let (revision, path) = text.strip_prefix(PREFIX)?.split_once(':')?;
        let path = if path.is_empty() { "." } else { path };
        (!revision.is_empty()).then(|| Self { revision: revision.to_owned(), path: path.into() })
    }

    /// How it is written on the command line.
    #[must_use]
    pub fn to_path(&self) -> PathBuf {
        format!("{PREFIX}{}:{}", self.revision, self.path.display()).into()
    }

    /// Reads the files that may hold objects, as a directory is read; a link is none.
    pub(crate) fn read(&self, wanted: &Wanted, found: &mut Found) -> Result<(), FileError> {
        let (base, rest) = self.base();
        let listed = self.run(&base, &["ls-tree", "-r", "-z", &self.revision, "--", &rest])?;
        let blobs: Vec<Blob> = listed.split(|byte| *byte == 0).filter_map(Blob::parse).collect();
        if blobs.is_empty() {
            return Err(self.failed("ls-tree", format!("{} has no {}", self.revision, self.path.display())));
        }
        let names: Vec<PathBuf> = blobs.iter().map(|blob| base.join(&blob.path)).collect();
        let is_named = rest != "." && names.len() == 1;
        let among = folder::among(&base, &names, &wanted.excluded)?;
        let named = |path: &Path| format!("{}:{}", self.revision, path.display());
        if !is_named {
            found.unrendered.extend(among.unrendered.iter().map(|(directory, renderer)| {
                let (directory, renderer) = (named(directory).into(), *renderer);
                Unrendered { directory, renderer, within: Within::Revision }
            }));
        }
        let taken: Vec<(&Blob, &PathBuf)> =
            blobs.iter().zip(&names).filter(|(_, name)| is_named || among.taken.contains(name)).collect();
        let mut is_taken = |source: &SourceFile| is_named || may_hold_objects(source, wanted.bytes);
        for ((_, name), bytes) in taken.iter().zip(self.contents(&base, &taken)?) {
            packed::read_into(&named(name), bytes, wanted, &mut is_taken, found)?;
        }
        Ok(())
    }

    /// The nearest directory that is there, and the way from it to the path.
    fn base(&self) -> (PathBuf, String) {
        let there = self.path.ancestors().find(|path| path.is_dir() || path.as_os_str().is_empty());
        let there = there.unwrap_or(Path::new(""));
        let rest = self.path.strip_prefix(there).unwrap_or(&self.path);
        let base = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        let rest = if rest.as_os_str().is_empty() { ".".to_owned() } else { rest.display().to_string() };
        (base.to_owned(), rest)
    }

    /// The contents of blobs, in their order.
    fn contents(&self, base: &Path, blobs: &[(&Blob, &PathBuf)]) -> Result<Vec<Vec<u8>>, FileError> {
        let failed = |error: std::io::Error| self.failed("cat-file", error.to_string());
        let mut git =
            git(base, &["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let git = git.as_mut().map_err(|error| self.failed("cat-file", error.to_string()))?;
        let asked: String = blobs.iter().map(|(blob, _)| format!("{}\n", blob.hash)).collect();
        let input = git.stdin.take();
        // It answers while it is asked: both ends have to move.
        let contents = std::thread::scope(|scope| {
            scope.spawn(move || input.map(|mut input| input.write_all(asked.as_bytes())));
            read_batch(git, blobs.len())
        });
        git.wait().map_err(failed)?;
        contents.map_err(failed)
    }

    fn run(&self, base: &Path, arguments: &[&str]) -> Result<Vec<u8>, FileError> {
        let command = arguments.first().copied().unwrap_or_default();
        match git(base, arguments).output() {
            Ok(output) if output.status.success() => Ok(output.stdout),
            Ok(output) => {
                Err(self.failed(command, String::from_utf8_lossy(&output.stderr).trim().to_owned()))
            }
            Err(error) => Err(self.failed(command, error.to_string())),
        }
    }

    fn failed(&self, command: &str, reason: String) -> FileError {
        FileError::Rendering { command: format!("git {command} {}", self.revision), reason }
    }
}

fn git(base: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(base).args(arguments);
    command
}

/// A file of a revision.
struct Blob {
    hash: String,
    /// Relative to where it was asked.
    path: String,
}

impl Blob {
    /// `<mode> blob <hash>\t<path>`, of what is no link.
    fn parse(entry: &[u8]) -> Option<Self> {
        let (about, path) = std::str::from_utf8(entry).ok()?.split_once('\t')?;
        let mut about = about.split(' ');
        let (mode, kind, hash) = (about.next()?, about.next()?, about.next()?);
        (kind == "blob" && mode != "120000").then(|| Self { hash: hash.to_owned(), path: path.to_owned() })
    }
}

/// `<hash> blob <size>\n<content>\n`, so many times.
fn read_batch(git: &mut Child, count: usize) -> std::io::Result<Vec<Vec<u8>>> {
    let Some(output) = git.stdout.take() else { return Ok(Vec::new()) };
    let mut output = BufReader::new(output);
    let wrong = || std::io::Error::other("git cat-file says something else than expected");
    (0..count)
        .map(|_| {
            let mut head = String::new();
            output.read_line(&mut head)?;
            let size =
                head.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or_else(wrong)?;
            let mut content = Vec::new();
            output.by_ref().take(size).read_to_end(&mut content)?;
            output.read_exact(&mut [0])?;
            Ok(content)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";

    fn found(revision: &str, path: &Path) -> Result<Found, FileError> {
        let revision = Revision { revision: revision.to_owned(), path: path.to_owned() };
        let mut found = Found::default();
        revision.read(&Wanted::default(), &mut found).map(|()| found)
    }

    fn names(revision: &str, path: &Path) -> Vec<String> {
        let found = found(revision, path).unwrap();
        let base = path.ancestors().find(|path| path.is_dir()).unwrap();
        let prefix = format!("{revision}:{}/", base.display());
        found.sources.iter().map(|source| source.name().replace(&prefix, "")).collect()
    }

    #[test]
    fn revisions_are_read_as_directories_are() {
        let folder = std::env::temp_dir().join(format!("waypoint-xds-git-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("deploy/chart/templates")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
        let run = |arguments: &[&str]| {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
            let status = git(&folder, &identity).args(arguments).output().unwrap().status;
            assert!(status.success(), "{arguments:?}");
        };
        run(&["init", "-q"]);
        write("deploy/a.yaml", OBJECT);
        write("deploy/gone.yaml", "apiVersion: v1\nkind: Gone\n");
        write("deploy/notes.txt", OBJECT);
        write("deploy/values.yaml", "replicas: 1\n");
        write("deploy/chart/Chart.yaml", "apiVersion: v2\n");
        write("deploy/chart/templates/b.yaml", OBJECT);
        run(&["add", "-A"]);
        run(&["commit", "-q", "-m", "first"]);
        std::fs::remove_file(folder.join("deploy/gone.yaml")).unwrap();
        run(&["commit", "-q", "-a", "-m", "second"]);
        assert_eq!(names("HEAD~1", &folder.join("deploy")), ["a.yaml", "gone.yaml"]);
        assert_eq!(names("HEAD", &folder.join("deploy")), ["a.yaml"]);
        assert_eq!(names("HEAD~1", &folder.join("deploy/gone.yaml")), ["gone.yaml"]);
        let none = |revision: &str, path: &Path| found(revision, path).unwrap_err().to_string();
        assert!(none("HEAD", &folder.join("deploy/gone.yaml")).contains("gone.yaml"));
        assert!(none("no-such-branch", &folder).contains("no-such-branch"));
        let told = found("HEAD", &folder.join("deploy")).unwrap().problems();
        let [chart] = told.as_slice() else { panic!("{told:?}") };
        assert!(
            chart.message.starts_with("`HEAD:") && chart.message.contains("deploy/chart` is a Helm chart")
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_revision_is_named_before_its_path() {
        let of = |text: &str| Revision::parse(Path::new(text));
        let main = Revision { revision: "main".into(), path: "deploy/mesh".into() };
        assert_eq!(of("git:main:deploy/mesh"), Some(main.clone()));
        assert_eq!(of("git:main:").map(|of| of.path), Some(".".into()));
        assert_eq!((of("git::deploy"), of("main:deploy")), (None, None));
        assert_eq!(main.to_path(), Path::new("git:main:deploy/mesh"));
    }
}
