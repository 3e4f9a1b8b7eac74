use palisade_sdk::connector::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an asset needs: a server, a user who binds, and where in the tree to look.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// Directory server, as `host` or `host:port`, for example `dc01.example.com`; its certificate must be for this name.
    pub(crate) server: String,
    /// How the connection is made safe; there is no way without TLS.
    #[serde(default)]
    pub(crate) security: Security,
    /// Kind of directory.
    #[serde(default)]
    pub(crate) directory: Directory,
    /// Who binds: a distinguished name; for Active Directory also `user@example.com`.
    pub(crate) username: String,
    /// The user's password.
    pub(crate) password: Secret,
    /// Where searches begin, for example `dc=example,dc=com`.
    pub(crate) base_dn: String,
    /// Attribute that has a user's name; `sAMAccountName` for Active Directory, `uid` for OpenLDAP unless said otherwise.
    user_attribute: Option<String>,
    /// Attribute of a group that has its members, for OpenLDAP; for Active Directory it is always `member`.
    #[serde(default)]
    member_attribute: MemberAttribute,
    /// What disables an account, for OpenLDAP; for Active Directory it is always a bit of `userAccountControl`.
    #[serde(default)]
    pub(crate) disabled_by: DisabledBy,
}

/// How the connection is made safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Security {
    /// TLS from the beginning, port 636.
    #[default]
    Ldaps,
    /// TLS before the bind (RFC 4511, section 4.14), port 389.
    StartTls,
}

/// Kind of directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Directory {
    /// Microsoft's.
    #[default]
    ActiveDirectory,
    /// OpenLDAP, and others with its schema.
    #[serde(rename = "openldap")]
    OpenLdap,
}

/// Attribute of a group that has its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum MemberAttribute {
    /// Distinguished names, of a `groupOfNames` (RFC 4519).
    #[default]
    #[serde(rename = "member")]
    Member,
    /// Distinguished names, of a `groupOfUniqueNames` (RFC 4519).
    #[serde(rename = "uniqueMember")]
    UniqueMember,
    /// Names of users, of a `posixGroup` (RFC 2307).
    #[serde(rename = "memberUid")]
    MemberUid,
}

/// What disables an account of OpenLDAP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum DisabledBy {
    /// Locked for good by the overlay `ppolicy`; it takes effect if the user's policy has `pwdLockout` (slapo-ppolicy(5)).
    #[default]
    #[serde(rename = "pwdAccountLockedTime")]
    PwdAccountLockedTime,
    /// Expired on 1970-01-02, for systems that log users on by their `shadowAccount` (RFC 2307, shadow(5)). The directory
    /// itself still lets the user bind.
    #[serde(rename = "shadowExpire")]
    ShadowExpire,
}

impl Security {
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Ldaps => 636,
            Self::StartTls => 389,
        }
    }
}

impl Configuration {
    pub(crate) fn user_attribute(&self) -> &str {
        match (&self.user_attribute, self.directory) {
            (Some(attribute), _) => attribute,
            (None, Directory::ActiveDirectory) => "sAMAccountName",
            (None, Directory::OpenLdap) => "uid",
        }
    }

    pub(crate) fn member_attribute(&self) -> MemberAttribute {
        match self.directory {
            Directory::ActiveDirectory => MemberAttribute::Member,
            Directory::OpenLdap => self.member_attribute,
        }
    }
}

impl MemberAttribute {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::UniqueMember => "uniqueMember",
            Self::MemberUid => "memberUid",
        }
    }

    /// The class of groups that have it.
    pub(crate) fn group_class(self) -> &'static str {
        match self {
            Self::Member => "groupOfNames",
            Self::UniqueMember => "groupOfUniqueNames",
            Self::MemberUid => "posixGroup",
        }
    }
}
