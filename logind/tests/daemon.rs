//! The real logind in mount and cgroup namespaces of its own: sessions with their scopes, directories and files, read by
//! libsystemd, before and after a kill -9.

mod house;

use house::{ALICE, Cgroups, House, Opened};

#[tokio::test]
async fn a_session_has_all_that_libsystemd_looks_for_and_leaves_nothing() {
    lives_and_ends(House::build(Cgroups::Unified, "UserStopDelaySec=0")).await;
}

#[tokio::test]
async fn so_it_is_beside_cgroup_v1() {
    lives_and_ends(House::build(Cgroups::Hybrid, "UserStopDelaySec=0")).await;
}

#[tokio::test]
async fn so_it_is_where_logind_has_to_mount_the_cgroups() {
    lives_and_ends(House::build(Cgroups::NotMounted, "UserStopDelaySec=0")).await;
}

async fn lives_and_ends(mut house: House) {
    house.start_logind();
    let mut door = house.door().await;
    let leader = house.leader();
    let Opened { id, runtime_directory, life_line, .. } = door.create_session(&leader).await;
    assert_eq!(runtime_directory, format!("/run/user/{ALICE}"));
    let limits = house.look(&["stat", "-f", "-c", "%T %S %b", &runtime_directory]);
    assert_eq!(limits, "tmpfs 4096 256");
    assert_eq!(house.look(&["stat", "-c", "%u %g %a", &runtime_directory]), "4711 4712 700");
    let seen = house.judge(&leader);
    for line in [
        &format!("sd_pid_get_session={id}"),
        "sd_pid_get_owner_uid=0:4711",
        "sd_pid_get_slice=user-4711.slice",
        "sd_session_is_active=1",
        "sd_session_get_uid=0:4711",
        "sd_session_get_state=active",
        "sd_session_get_type=tty",
        "sd_session_get_class=user",
        "sd_session_get_service=login",
        "sd_session_get_tty=pts/7",
        &format!("sd_get_sessions={id}"),
        "sd_get_seats=seat0",
        &format!("sd_uid_get_sessions_active={id}"),
        "sd_uid_get_state=active",
        &format!("sd_uid_get_display={id}"),
    ] {
        assert!(seen.lines().any(|seen| seen == line), "{line} not in\n{seen}");
    }

    drop(life_line);
    leader.end();
    door.heard("UserRemoved").await;
    house.is_empty();
}

#[tokio::test]
async fn a_runtime_directory_covered_with_what_never_answers_keeps_nobody_waiting() {
    let mut house = House::build(Cgroups::Unified, "UserStopDelaySec=1h");
    let Some(covering) = house.cover_runtime_directory() else {
        println!("skipped: no fuse to be had");
        return;
    };
    house.start_logind(); // which finds the directory
    let door = house.door().await;
    let (one, again, last, other) = (house.leader(), house.leader(), house.leader(), house.leader());
    let (covered, opened) = tokio::join!(door.create_session(&one), door.ask_for_session(0, &other));
    assert_eq!(opened.map(drop), Ok(()));
    drop((covered, one)); // the session ends, and its user stays for the stop delay

    house.kill_logind();
    house.start_logind();
    let door = house.door().await;
    door.create_session(&again).await;
    covering.end();
    door.create_session(&last).await; // what is mounted is dead
}

#[tokio::test]
async fn a_killed_logind_comes_back_to_its_sessions_and_sees_their_end() {
    let mut house = House::build(Cgroups::Unified, "UserStopDelaySec=0");
    house.start_logind();
    let door = house.door().await;
    let (kept, lost, late) = (house.leader(), house.leader(), house.leader());
    let kept_session = door.create_session(&kept).await;
    let lost_session = door.create_session(&lost).await;
    let late_session = door.create_session(&late).await;
    let before = house.judge(&kept);
    let inside = format!("/run/user/{ALICE}/kept");
    house.look(&["touch", &inside]);

    house.kill_logind();
    drop(door); // with the messages that brought the life lines
    drop(lost_session.life_line);
    lost.end(); // while there is no logind
    house.start_logind();
    let mut door = house.door().await;
    // Word by word the same, but for the session that ended: it is in no list any more.
    let words = |text: &str| text.split(['\n', '=', ' ']).map(str::to_owned).collect::<Vec<_>>();
    let expected: Vec<_> = words(&before).into_iter().filter(|word| *word != lost_session.id).collect();
    assert_eq!(words(&house.judge(&kept)), expected);
    house.look(&["test", "-e", &inside]);

    drop(kept_session.life_line); // the life line of before is the one that is watched now
    door.heard_of("PropertiesChanged", "").await;
    let file = house.look(&["cat", &format!("/run/systemd/sessions/{}", kept_session.id)]);
    assert!(file.contains("STATE=closing"), "{file}");
    kept.end();
    door.heard_of("SessionRemoved", &kept_session.id).await;
    drop(late_session.life_line);
    late.end();
    door.heard("UserRemoved").await;
    house.is_empty();
}

#[tokio::test]
async fn a_session_whose_login_got_no_answer_ends_with_its_leader() {
    let mut house = House::build(Cgroups::Unified, "UserStopDelaySec=0");
    house.start_logind();
    let door = house.door().await;
    let leader = house.leader();
    let opened = door.create_session(&leader).await;
    house.kill_logind();
    drop((door, opened.life_line));
    let file = format!("/run/systemd/sessions/{}", opened.id);
    house.look(&["sed", "-i", "s/^STATE=.*/STATE=opening/", &file]); // as if it had been killed in between

    house.start_logind();
    house.look(&["test", "-e", &file]); // its processes go on
    leader.end();
    house.becomes_empty(); // nobody was told of it, so nobody is told that it is gone
}

#[tokio::test]
async fn without_cgroups_a_session_is_its_leader_and_its_life_line() {
    lives_without_scope(House::build(Cgroups::ReadOnly, "UserStopDelaySec=0")).await;
}

#[tokio::test]
async fn so_it_is_where_nobody_tells_which_cgroup_is_everybodys() {
    lives_without_scope(House::build(Cgroups::Hidden, "UserStopDelaySec=0")).await;
}

async fn lives_without_scope(mut house: House) {
    house.start_logind();
    let mut door = house.door().await;
    let leader = house.leader();
    let opened = door.create_session(&leader).await;
    assert!(house.look(&["cat", &format!("/run/systemd/sessions/{}", opened.id)]).contains("STATE=active"));
    drop((opened.life_line, leader));
    door.heard_of("SessionRemoved", &opened.id).await;
    door.heard("UserRemoved").await;
    house.is_empty();
}

#[tokio::test]
async fn what_a_login_without_logind_left_is_adopted_and_goes_after_the_delay() {
    let mut house = House::build(Cgroups::Unified, "UserStopDelaySec=0");
    let directory = format!("/run/user/{ALICE}");
    house.look(&["install", "-d", "-m", "0755", "/run/user"]);
    house.look(&["install", "-d", "-m", "0700", "-o", "4711", "-g", "4712", &directory]);
    house.look(&["touch", &format!("{directory}/socket")]);
    house.look(&["mkdir", "-p", "/run/systemd/sessions", "/run/systemd/users"]);
    house.look(&["sh", "-c", "echo nonsense > /run/systemd/sessions/c7; mkfifo /run/systemd/sessions/c9.ref"]);
    house.start_logind();
    let mut door = house.door().await;
    let leader = house.leader();
    // The directory is on its way out or gone: in either case the session gets one.
    let opened = door.create_session(&leader).await;
    assert_eq!(house.look(&["stat", "-c", "%u %a", &directory]), "4711 700");
    drop(opened.life_line);
    leader.end();
    door.heard_of("SessionRemoved", &opened.id).await;
    door.heard("UserRemoved").await;
    house.is_empty();
}

#[tokio::test]
async fn a_terminated_session_takes_its_processes_along() {
    let mut house = House::build(Cgroups::Unified, "UserStopDelaySec=0");
    house.start_logind();
    let mut door = house.door().await;
    let mut leader = house.leader();
    let opened = door.create_session(&leader).await;
    door.terminate_session(&opened.id).await;
    leader.has_ended();
    door.heard("UserRemoved").await;
    house.is_empty();
}

#[tokio::test]
async fn a_logind_started_from_a_session_is_not_in_it() {
    let mut house = House::build(Cgroups::Unified, "UserStopDelaySec=0");
    house.start_logind();
    let door = house.door().await;
    let leader = house.leader();
    let opened = door.create_session(&leader).await;
    house.kill_logind();
    drop(door);
    let scope = format!("/sys/fs/cgroup/user.slice/user-{ALICE}.slice/session-{}.scope", opened.id);
    house.start_logind_from(&scope);
    assert_eq!(house.cgroup_of_logind(), "/logind.scope");
    let mut door = house.door().await;
    drop((opened.life_line, leader));
    door.heard("UserRemoved").await;
    house.is_empty();
}

#[tokio::test]
async fn a_changed_configuration_is_read_at_a_hang_up() {
    let mut house = House::build(Cgroups::Unified, "UserStopDelaySec=infinity");
    house.start_logind();
    let mut door = house.door().await;
    house.look(&["sh", "-c", "printf '[Login]\nUserStopDelaySec=0\nRuntimeDirectorySize=2M\n' > /run/logind.conf"]);
    house.reload_logind();
    door.says("RuntimeDirectorySize", 2 << 20).await;
    let leader = house.leader();
    let opened = door.create_session(&leader).await;
    assert_eq!(house.look(&["stat", "-f", "-c", "%b", &opened.runtime_directory]), "512");
    drop((opened.life_line, leader));
    door.heard("UserRemoved").await; // at once, not after the first delay
    house.is_empty();
}

#[tokio::test]
async fn a_logind_whose_supervisor_knows_nothing_of_readiness_serves_all_the_same() {
    let mut house = House::build(Cgroups::Unified, "");
    house.start_logind_without_descriptor();
    let leader = house.leader();
    house.door().await.create_session(&leader).await;
}

#[tokio::test]
async fn there_is_one_logind_at_a_time() {
    let mut house = House::build(Cgroups::Unified, "");
    house.start_logind();
    assert_eq!(house.start_another(), "logind: another logind is running\n");
    house.kill_logind();
    house.start_logind();
}
