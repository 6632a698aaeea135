//! Where the system bus listens (D-Bus Specification, "Server Addresses").

use crate::paths;

/// The paths of the sockets that `addresses` names, in order: `$DBUS_SYSTEM_BUS_ADDRESS`, read so that a set-user-id
/// host's caller has no say in it. The well-known one if nothing is set; none if nothing that is set can be used.
pub(crate) fn system_bus_paths(addresses: Option<&[u8]>) -> Vec<String> {
    let Some(addresses) = addresses else { return vec![paths::SYSTEM_BUS.to_owned()] };
    addresses.split(|&b| b == b';').filter_map(path_of).collect()
}

/// The path in an address of the form `unix:path=/…`.
fn path_of(address: &[u8]) -> Option<String> {
    let pairs = address.strip_prefix(b"unix:")?;
    let path = pairs.split(|&b| b == b',').find_map(|pair| pair.strip_prefix(b"path="))?;
    String::from_utf8(unescaped(path)?).ok().filter(|path| path.starts_with('/') && !path.contains('\0'))
}

/// Bytes with each `%xx` replaced by the byte it stands for.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            let digits = str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(addresses: &str) -> Vec<String> {
        system_bus_paths(Some(addresses.as_bytes()))
    }

    #[test]
    fn without_an_address_it_is_the_well_known_one() {
        assert_eq!(system_bus_paths(None), [paths::SYSTEM_BUS]);
    }

    #[test]
    fn each_address_with_a_path_is_a_bus() {
        assert_eq!(paths("unix:path=/a,guid=0;tcp:host=x;unix:guid=1,path=/b%20c"), ["/a", "/b c"]);
    }

    #[test]
    fn what_names_no_path_is_no_bus() {
        for address in [
            "",
            "unix:",
            "unix:path=",
            "unix:path=a",
            "unix:abstract=/a",
            "unix:path=/%0",
            "unix:path=/%zz",
            "unix:path=/a%00",
            "unixexec:path=/bin/sh",
            "/run/bus",
        ] {
            assert_eq!(paths(address), [""; 0], "{address}");
        }
    }
}
