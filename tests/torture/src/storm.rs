use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    Case, Load, Mishaps, Person, Random, Site, Tally, judge,
    program::program,
    quiet::{self, until_quiet},
};

/// Threads that send alerts.
const SENDERS: usize = 4;

/// The longest life of a host, from the moment when it listens.
const LIFE: Duration = Duration::from_millis(1_500);

/// Of a hundred hosts, those that are killed while they start.
const YOUNG: u64 = 20;

/// The longest life of those.
const START: Duration = Duration::from_millis(600);

/// A round of kills at random moments, under load.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// Decides on programs, mishaps and moments. What a moment hits depends on the machine all the same.
    pub seed: u64,
    /// Hosts killed.
    pub kills: usize,
    /// Alerts sent, spread over the lives of the hosts.
    pub alerts: usize,
}

impl Storm {
    /// Runs it, and judges when everything is quiet. `progress` is told about each kill.
    ///
    /// # Panics
    ///
    /// If a host does not start, or stops to answer without having been killed.
    pub fn run(self, mut progress: impl FnMut(&Progress)) -> Tally {
        let site = Site::new(Mishaps::some(self.seed));
        let cases = (1..=self.alerts).map(|number| {
            let id = format!("a{number}");
            Case { program: program(self.seed, &id), id, alert: None }
        });
        let load = Load::new(cases.collect());
        let mut random = Random::of(self.seed, "moments");
        let mut person = Person::default();
        thread::scope(|scope| {
            let _ending = load.ends_when_dropped();
            for _ in 0..SENDERS {
                scope.spawn(|| load.send());
            }
            for kill in 1..=self.kills {
                self.one_life(kill, &site, &load, &mut random, &mut person);
                let acknowledged = load.acknowledged();
                progress(&Progress { kills: kill, acknowledged, in_doubt: person.doubts() });
            }
            let mut host = site.spawn();
            let api = host.api();
            load.open(api.clone(), self.alerts);
            let api = api.unwrap_or_else(|| panic!("the host does not start:\n{}", site.end_of_log()));
            until_quiet(&api, &load, &site.actuator, &mut person, || false);
            judge(&api, &load.cases(), &site.actuator, &person)
        })
    }

    /// Starts a host, lets it work for a while, and kills it. The moment is the point, so here time decides.
    fn one_life(&self, kill: usize, site: &Site, load: &Load, random: &mut Random, person: &mut Person) {
        let mut host = site.spawn();

        if random.percent(YOUNG) {
            thread::sleep(random.part_of(START));
        } else {
            let life = random.part_of(LIFE);
            let api = host.api().unwrap_or_else(|| panic!("the host does not start:\n{}", site.end_of_log()));
            load.open(Some(api.clone()), self.alerts * kill / self.kills);
            let end = Instant::now() + life;
            while let Some(left) = end.checked_duration_since(Instant::now()) {
                person.attend(&api, &site.actuator);
                thread::sleep(left.min(quiet::LOOK));
            }
        }
        host.kill();
        person.a_host_was_killed();
        load.open(None, self.alerts * kill / self.kills);
        site.actuator.drain();
    }
}

/// How far a round is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Hosts killed.
    pub kills: usize,
    /// Alerts acknowledged.
    pub acknowledged: usize,
    /// Doubts that a person decided on.
    pub in_doubt: usize,
}
