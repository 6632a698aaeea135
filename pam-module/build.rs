//! Gives the module the name that PAM stacks call it by.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,pam_session_rs.so");
}
