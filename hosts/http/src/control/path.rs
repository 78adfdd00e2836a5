//! Where the control socket of a store is, and how to name it where its path is too long for the system.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

/// Most bytes of a socket's address: the field has 108 on Linux, of which the last is a zero.
pub(super) const ADDRESS_LEN_MAX: usize = 107;

/// The control socket of the store at `store`: its path with `.sock` behind it.
pub fn socket_path(store: &Path) -> PathBuf {
    let mut path = OsString::from(store.as_os_str());
    path.push(".sock");
    PathBuf::from(path)
}

/// A name by which the system can be asked for a socket. It holds the folder open where the name leads through it.
pub(super) struct Address {
    pub(super) name: PathBuf,
    /// Whether `name` differs from the path.
    pub(super) is_detour: bool,
    _folder: Option<File>,
}

impl Address {
    /// The path itself where it is short enough, else a detour through the open folder that it lies in.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] where even the detour is too long, which takes a file name of some 80 bytes.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        if path.as_os_str().len() <= ADDRESS_LEN_MAX {
            return Ok(Self {
                name: path.into(),
                is_detour: false,
                _folder: None,
            });
        }
        let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else {
            return Err(too_long(path));
        };
        let folder = File::open(folder)?;
        let name = Path::new("/proc/self/fd")
            .join(folder.as_raw_fd().to_string())
            .join(file);
        if name.as_os_str().len() > ADDRESS_LEN_MAX {
            return Err(too_long(path));
        }
        Ok(Self {
            name,
            is_detour: true,
            _folder: Some(folder),
        })
    }
}

fn too_long(path: &Path) -> io::Error {
    let words = format!(
        "expected the path of the control socket to have at most {ADDRESS_LEN_MAX} bytes, but {} has {}: \
         give the store a shorter name",
        path.display(),
        path.as_os_str().len()
    );
    io::Error::new(io::ErrorKind::InvalidInput, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_is_reached_through_its_folder_and_a_long_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let short = socket_path(&folder.path().join("tollgate.redb"));
        assert!(short.ends_with("tollgate.redb.sock"));
        assert_eq!(Address::of(&short).unwrap().name, short);

        let deep = folder.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let long = socket_path(&deep.join("tollgate.redb"));
        let address = Address::of(&long).unwrap();
        assert!(address.is_detour);
        std::fs::write(&address.name, b"here").unwrap();
        assert_eq!(std::fs::read(&long).unwrap(), b"here");

        let words = Address::of(&folder.path().join("n".repeat(120)))
            .err()
            .unwrap()
            .to_string();
        assert!(
            words.contains("at most 107 bytes") && words.contains("shorter name"),
            "{words}"
        );
    }
}
