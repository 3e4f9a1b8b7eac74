//! Every bound of the command, each with its unit and its reason.

use std::time::Duration;

use palisade_model::limits::{ACTION_TIME_MAX, COMPILE_TIME};
use palisade_server::limits::BODY_TIME;

/// Time to connect to the host, which is near.
pub(crate) const CONNECT_TIME: Duration = Duration::from_secs(5);
/// Time for one request to the host.
pub(crate) const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Time to send a journal: the host waits as long for a body, and then keeps it.
pub(crate) const TRANSFER_TIME: Duration = BODY_TIME.saturating_add(REQUEST_TIME);
/// Time for a request that makes the host compile a component.
pub(crate) const COMPILING_TIME: Duration = COMPILE_TIME.saturating_add(REQUEST_TIME);
/// Time for a request that makes the host call an action.
pub(crate) const ACTION_TIME: Duration = ACTION_TIME_MAX.saturating_add(REQUEST_TIME);
/// Time that the host may hold a request for news of a run. Below [`REQUEST_TIME`], so that silence is noticed.
pub(crate) const WATCH_TIME: Duration = Duration::from_secs(20);
/// Bytes of one answer of the host. The largest is a whole run with all that its actions found.
pub(crate) const ANSWER_BYTES: usize = 256 * 1024 * 1024;
/// Time within which the host finds the playbooks for an alert that has some.
pub(crate) const DISPATCH_TIME: Duration = Duration::from_secs(10);
/// Time between two looks whether an alert has a run by now.
pub(crate) const DISPATCH_POLL: Duration = Duration::from_millis(100);
/// Bytes of a lock file: as many plugins as a host may have, each with more grants than any has.
pub(crate) const LOCK_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes of a file with certificates: the whole list of the public ones takes 250 KiB.
pub(crate) const CA_BYTES: u64 = 1024 * 1024;
/// Time between two frames of a spinner.
pub(crate) const SPINNER_TICK: Duration = Duration::from_millis(100);
/// Time for the host to check its whole audit log: it reads some 50 MB a second, and a log of years is a few gigabytes.
pub(crate) const AUDIT_TIME: Duration = Duration::from_secs(5 * 60);
/// Bytes of one line of an audit log, its line break included. The longest record is that of an asset, some 120 KiB if
/// each character of its lists needs an escape.
pub(crate) const AUDIT_LINE_BYTES: u64 = 256 * 1024;
/// Time between two looks at the files of a plugin under `plugin dev`: a person does not notice it, and a look at a few
/// hundred files takes a millisecond.
pub(crate) const FILES_POLL: Duration = Duration::from_millis(300);
/// Files that `plugin dev` watches. A project has hundreds; what has more is no project, and is not looked through all day.
pub(crate) const FILES_WATCHED: usize = 20_000;
/// Bytes of a file with parameters, a configuration, an alert or answers that `plugin dev` reads.
pub(crate) const DEV_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Lines of an action's data that `plugin dev` shows to a person.
pub(crate) const DATA_LINES: usize = 200;
