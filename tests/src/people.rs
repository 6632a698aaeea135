//! Who has an account in a sandbox.

/// A person with an account; the password is the name.
#[derive(Debug)]
pub struct Person {
    /// The login name, which is the password too.
    pub name: &'static str,
    /// The user's and the group's number.
    pub uid: u32,
    /// The home directory.
    pub home: &'static str,
    /// The password as `crypt(3)` keeps it: SHA-512 with as few rounds as it takes, since a test logs in often.
    pub hash: &'static str,
}

/// root, whose password is `root`.
pub const ROOT: Person = Person {
    name: "root",
    uid: 0,
    home: "/root",
    hash: "$6$rounds=1000$sandboxroot$\
           xhiHE2EtBiHDDfgtAu6fMbYZ9q.5REE/UegPfig5mtuaYGA2TAx6JhC1cCc.0UHqDjlQNYyLw1Ygt/d72oPGK1",
};

/// alice, an ordinary user. The numbers are high so that nothing of the host's belongs to her.
pub const ALICE: Person = Person {
    name: "alice",
    uid: 4001,
    home: "/home/alice",
    hash: "$6$rounds=1000$sandboxalice$\
           91ont8Dxf1QuP74aLF/6sGcp87BVGwQYobTCJrNJJ8iLIyaKq/wDKuObvS2czfUwQxMJ7DKD.owHVJxL9iR5C/",
};

/// bob, another ordinary user.
pub const BOB: Person = Person {
    name: "bob",
    uid: 4002,
    home: "/home/bob",
    hash: "$6$rounds=1000$sandboxbob$\
           v31jXkyiMqm46vsigDt6mz3AIUxYHoQh5xN6Bx2bq2.0CFJhbWDk2Je/QPBjVVx2DpYQMHgi4flu.GaOO3WhS1",
};
