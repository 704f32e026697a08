#include "metering/log/identity/identity_set.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log/identity/identity_directory.h"
#include "metering/log/identity/identity_testing.h"
#include "metering/log/log_testing.h"

namespace turnpike {
namespace {

using testing::bytes_of;
using testing::ScratchFolder;
using testing::write_bytes;

constexpr SipKey kKey{1, 2};
constexpr std::size_t kWindow = 50;

IdentitySetOptions small(const std::string& dir) {
    return {.dir = dir,
            .key = kKey,
            .window_entries = kWindow,
            .runs_max = 2,
            .merge_step_entries = 40};
}

std::unique_ptr<IdentitySet> open_small(const std::string& dir) {
    auto set = IdentitySet::open(small(dir));
    EXPECT_TRUE(set) << set.error().message;
    return *std::move(set);
}

Recall give(IdentitySet& set, const IdentityHash& hash, std::uint32_t content) {
    auto batch = set.batch();
    batch.prefetch(hash);
    const auto recall = batch.find_or_insert(hash, content);
    EXPECT_TRUE(recall) << recall.error().message;
    return *recall;
}

Result<std::monostate> nothing_to_wait_for() { return std::monostate{}; }

/// `count` new identities, frozen and written as the next run.
std::vector<IdentityHash> add_run(IdentitySet& set, std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<IdentityHash> hashes;
    for (std::size_t i = 0; i < count; ++i) {
        hashes.push_back(random_hash(random));
        EXPECT_EQ(give(set, hashes.back(), 1), Recall::New);
    }
    set.freeze();
    EXPECT_TRUE(set.write_frozen(nothing_to_wait_for));
    return hashes;
}

void merge_all(IdentitySet& set) {
    while (set.merge_step().value() == IdentitySet::MergeProgress::More) {
    }
}

std::vector<std::string> names_in(const std::string& dir) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(dir))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

void expect_refused(const std::string& dir, const std::string& name) {
    const auto set = IdentitySet::open(small(dir));
    ASSERT_FALSE(set) << name;
    EXPECT_EQ(set.error().reason, Reason("metering.identity_damaged"));
    EXPECT_TRUE(set.error().message.contains(name)) << set.error().message;
}

TEST(IdentitySet, TellsNewDuplicateAndConflictApart) {
    const ScratchFolder folder;
    const auto set = open_small(folder.path());
    const IdentityHash hash = identity_hash(kKey, "gw", "1");
    EXPECT_EQ(set->batch().find(hash).value(), std::nullopt);
    EXPECT_EQ(give(*set, hash, 5), Recall::New);
    // In the window, then frozen, then on disk.
    for (int place = 0; place < 3; ++place) {
        SCOPED_TRACE(place);
        EXPECT_EQ(give(*set, hash, 5), Recall::Duplicate);
        EXPECT_EQ(give(*set, hash, 6), Recall::Conflict);
        EXPECT_EQ(set->batch().find(hash).value(), 5U);
        if (place == 0) set->freeze();
        if (place == 1) ASSERT_TRUE(set->write_frozen(nothing_to_wait_for));
    }
    const auto stats = set->stats();
    EXPECT_EQ(stats.window_entries, 0U);
    EXPECT_EQ(stats.frozen_entries, 0U);
    EXPECT_EQ(stats.run_entries, 1U);
    EXPECT_EQ(stats.disk_lookups, 3U);
}

TEST(IdentitySet, WantsToFreezeAFullWindowWhenNoneIsFrozen) {
    const ScratchFolder folder;
    const auto set = open_small(folder.path());
    std::mt19937_64 random(1);
    const auto fill = [&] {
        for (std::size_t i = 0; i < kWindow; ++i) {
            EXPECT_FALSE(set->wants_freeze());
            give(*set, random_hash(random), 0);
        }
    };
    fill();
    EXPECT_TRUE(set->wants_freeze());
    set->freeze();
    fill();
    EXPECT_FALSE(set->wants_freeze()) << "the first one is not written yet";
    set->freeze();
    EXPECT_EQ(set->stats().window_entries, kWindow) << "nothing happened";
    ASSERT_TRUE(set->write_frozen(nothing_to_wait_for));
    EXPECT_TRUE(set->wants_freeze());
}

TEST(IdentitySet, MergesNeighboursUntilThereAreFewRuns) {
    const ScratchFolder folder;
    const auto set = open_small(folder.path());
    std::vector<IdentityHash> all;
    for (std::uint64_t run = 1; run <= 5; ++run)
        for (const auto& hash : add_run(*set, run == 2 ? 400 : 100, run)) all.push_back(hash);
    EXPECT_EQ(set->stats().runs, 5U);
    // 40 entries a step: 200 entries of the two smallest neighbours are 5 steps.
    for (int step = 1; step <= 5; ++step) {
        EXPECT_EQ(set->stats().runs, 5U) << step;
        EXPECT_EQ(set->merge_step().value(), IdentitySet::MergeProgress::More);
    }
    EXPECT_EQ(set->stats().runs, 4U);
    merge_all(*set);
    EXPECT_EQ(set->stats().run_entries, 800U);
    // 100 400 100 100 100: first 3+4, then 5 to those, then 1+2, the smaller of the two pairs.
    EXPECT_EQ(names_in(folder.path()), (std::vector{run_file_name(1, 2), run_file_name(3, 5)}));
    for (const auto& hash : all) EXPECT_EQ(give(*set, hash, 1), Recall::Duplicate);
}

/// What a whole deployment goes through: a log whose end is lost in a crash unless it was
/// committed, a set that loses its memory, and a model that never does.
class Life {
public:
    explicit Life(std::uint64_t seed) : random_(seed), set_(open_small(folder_ / "")) {}

    void act() {
        switch (random_() % 12) {
            case 0: set_->freeze(); break;
            case 1: RC_ASSERT(set_->write_frozen(commit_).has_value()); break;
            case 2:
            case 3: RC_ASSERT(set_->merge_step().has_value()); break;
            case 4:
                if (random_() % 4 == 0) save();
                break;
            case 5:
                if (random_() % 8 == 0) crash();
                break;
            case 6: (void)commit_(); break;
            default: ask(1 + random_() % kWindow);
        }
    }
    void ask_all() {
        for (const auto& [hash, content] : model_)
            RC_ASSERT(give(*set_, hash, content) == Recall::Duplicate);
    }

private:
    void ask(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const bool again = !log_.empty() && random_() % 3 == 0;
            const IdentityHash hash = again ? log_[random_() % log_.size()] : random_hash(random_);
            const auto content = static_cast<std::uint32_t>(random_() % 2);
            const auto [place, is_new] = model_.try_emplace(hash, content);
            const Recall expected = is_new                     ? Recall::New
                                    : place->second == content ? Recall::Duplicate
                                                               : Recall::Conflict;
            RC_ASSERT(give(*set_, hash, content) == expected);
            if (is_new) log_.push_back(hash);
        }
    }
    void save() {
        const std::size_t committed = committed_;
        RC_ASSERT(set_->save_snapshot(folder_ / "snapshot", commit_).has_value());
        replay_from_ = committed;
    }
    void crash() {
        set_.reset();
        const std::vector<IdentityHash> lost(log_.begin() + static_cast<std::ptrdiff_t>(committed_),
                                             log_.end());
        log_.resize(committed_);
        set_ = open_small(folder_ / "");
        if (exists(folder_ / "snapshot"))
            RC_ASSERT(set_->load_snapshot(folder_ / "snapshot").has_value());
        for (std::size_t at = replay_from_; at < log_.size(); ++at)
            RC_ASSERT(give(*set_, log_[at], model_.at(log_[at])) != Recall::Conflict);
        for (const IdentityHash& hash : lost) {
            RC_ASSERT(set_->batch().find(hash).value() == std::nullopt);
            model_.erase(hash);
        }
    }

    std::mt19937_64 random_;
    ScratchFolder folder_;
    std::unique_ptr<IdentitySet> set_;
    std::unordered_map<IdentityHash, std::uint32_t, Digest128Hash> model_;
    std::vector<IdentityHash> log_;
    std::size_t committed_ = 0;  ///< of log_, what a crash leaves
    std::size_t replay_from_ = 0;
    LogBarrier commit_ = [this]() -> Result<std::monostate> {
        committed_ = log_.size();
        return std::monostate{};
    };
};

RC_GTEST_PROP(IdentitySet, ForgetsNothingThroughFreezesMergesAndCrashes, ()) {
    Life life(*rc::gen::arbitrary<std::uint64_t>());
    for (int i = 0; i < 80; ++i) life.act();
    life.ask_all();
}

TEST(IdentitySet, ASnapshotBringsTheWindowBack) {
    const ScratchFolder folder;
    std::mt19937_64 random(3);
    std::vector<IdentityHash> hashes;
    {
        const auto set = open_small(folder.path());
        // More than one slice.
        for (std::size_t i = 0; i < IdentitySet::kSliceEntries + 1'000; ++i) {
            hashes.push_back(random_hash(random));
            give(*set, hashes.back(), static_cast<std::uint32_t>(i));
        }
        ASSERT_TRUE(set->save_snapshot(folder / "snapshot", nothing_to_wait_for));
    }
    const auto set = open_small(folder.path());
    ASSERT_TRUE(set->load_snapshot(folder / "snapshot"));
    EXPECT_EQ(set->stats().window_entries, hashes.size());
    for (std::size_t i = 0; i < hashes.size(); ++i)
        ASSERT_EQ(set->batch().find(hashes[i]).value(), static_cast<std::uint32_t>(i));
}

TEST(IdentitySet, ASnapshotWhoseWindowIsARunAddsNothing) {
    const ScratchFolder folder;
    {
        const auto set = open_small(folder.path());
        give(*set, {1, 1}, 0);
        ASSERT_TRUE(set->save_snapshot(folder / "snapshot", nothing_to_wait_for));
        give(*set, {2, 2}, 0);
        set->freeze();
        ASSERT_TRUE(set->write_frozen(nothing_to_wait_for));
    }
    const auto set = open_small(folder.path());
    ASSERT_TRUE(set->load_snapshot(folder / "snapshot"));
    EXPECT_EQ(set->stats().window_entries, 0U);
    EXPECT_EQ(give(*set, {1, 1}, 0), Recall::Duplicate);
    EXPECT_EQ(give(*set, {2, 2}, 0), Recall::Duplicate);
}

TEST(IdentitySet, ASnapshotMissesTheRunsBeforeIt) {
    const ScratchFolder folder;
    {
        const auto set = open_small(folder.path());
        add_run(*set, 10, 1);
        ASSERT_TRUE(set->save_snapshot(folder / "snapshot", nothing_to_wait_for));
    }
    std::filesystem::remove(folder / run_file_name(1, 1));
    const auto set = open_small(folder.path());
    const auto loaded = set->load_snapshot(folder / "snapshot");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().reason, Reason("metering.identity_damaged"));
    EXPECT_TRUE(loaded.error().message.contains("snapshot: it follows window 1"))
        << loaded.error().message;
}

TEST(IdentitySet, ADamagedSnapshotIsRefused) {
    const ScratchFolder folder;
    const auto set = open_small(folder.path());
    give(*set, {1, 1}, 0);
    ASSERT_TRUE(set->save_snapshot(folder / "snapshot", nothing_to_wait_for));
    const std::string good = bytes_of(folder / "snapshot");
    for (std::size_t at = 0; at < good.size(); at += 61) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] + 1);
        write_bytes(folder / "snapshot", bad);
        EXPECT_FALSE(set->load_snapshot(folder / "snapshot")) << at;
    }
    write_bytes(folder / "snapshot", good.substr(0, good.size() - 1));
    EXPECT_FALSE(set->load_snapshot(folder / "snapshot"));
    EXPECT_FALSE(set->load_snapshot(folder / "no such file"));
}

TEST(IdentitySet, RefusesAMissingAnOverlappingAndARenamedRun) {
    const ScratchFolder folder;
    {
        const auto set = open_small(folder.path());
        for (std::uint64_t run = 1; run <= 3; ++run) add_run(*set, 10, run);
    }
    namespace fs = std::filesystem;
    const std::string second = folder / run_file_name(2, 2);
    fs::rename(second, folder / "aside");
    expect_refused(folder.path(), run_file_name(3, 3));
    fs::copy(folder / "aside", folder / run_file_name(1, 2));
    expect_refused(folder.path(), run_file_name(1, 2));
    fs::rename(folder / run_file_name(1, 2), folder / run_file_name(2, 4));
    expect_refused(folder.path(), run_file_name(2, 4));
    fs::remove(folder / run_file_name(2, 4));
    fs::rename(folder / "aside", second);
    open_small(folder.path());
}

TEST(IdentitySet, RefusesADamagedRunAndAnotherKey) {
    const ScratchFolder folder;
    {
        add_run(*open_small(folder.path()), 10, 1);
    }
    auto options = small(folder.path());
    options.key = {1, 3};
    const auto other = IdentitySet::open(options);
    ASSERT_FALSE(other);
    EXPECT_TRUE(other.error().message.contains("another key")) << other.error().message;

    const std::string path = folder / run_file_name(1, 1);
    const std::string good = bytes_of(path);
    write_bytes(path, good.substr(0, good.size() / 2));
    expect_refused(folder.path(), run_file_name(1, 1));
}

TEST(IdentitySet, ABrokenBlockIsAnErrorAndRecordsNothing) {
    const ScratchFolder folder;
    std::vector<IdentityHash> hashes;
    {
        hashes = add_run(*open_small(folder.path()), 10, 1);
    }
    const std::string path = folder / run_file_name(1, 1);
    std::string bytes = bytes_of(path);
    bytes[run_format::kBlockBytes + 5] = static_cast<char>(bytes[run_format::kBlockBytes + 5] + 1);
    write_bytes(path, bytes);
    const auto set = open_small(folder.path());
    const auto recall = set->batch().find_or_insert(hashes[0], 1);
    ASSERT_FALSE(recall);
    EXPECT_EQ(recall.error().reason, Reason("metering.identity_damaged"));
    EXPECT_EQ(set->stats().window_entries, 0U);
}

TEST(IdentitySet, SweepsUpAfterACrash) {
    const ScratchFolder folder;
    {
        const auto set = open_small(folder.path());
        for (std::uint64_t run = 1; run <= 3; ++run) add_run(*set, 100, run);
        std::filesystem::copy(folder / run_file_name(1, 1), folder / "first");
        merge_all(*set);
    }
    // As if the merge of 1 and 2 had been published, and 1 not yet unlinked.
    std::filesystem::rename(folder / "first", folder / run_file_name(1, 1));
    write_bytes(folder / (run_file_name(4, 4) + ".new"), "half of a run");
    write_bytes(folder / "somebody else's", "");
    const auto set = open_small(folder.path());
    EXPECT_EQ(set->stats().run_entries, 300U);
    EXPECT_EQ(
        names_in(folder.path()),
        (std::vector<std::string>{"somebody else's", run_file_name(1, 2), run_file_name(3, 3)}));
}

TEST(IdentitySet, WhatCannotBeWrittenStaysAndIsWrittenLater) {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder / "runs");
    const auto set = open_small(folder / "runs");
    give(*set, {1, 1}, 0);
    set->freeze();
    std::filesystem::rename(folder / "runs", folder / "away");
    const auto written = set->write_frozen(nothing_to_wait_for);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().reason, Reason("file.refused"));
    EXPECT_EQ(give(*set, {1, 1}, 0), Recall::Duplicate);
    std::filesystem::rename(folder / "away", folder / "runs");
    ASSERT_TRUE(set->write_frozen(nothing_to_wait_for));
    EXPECT_EQ(set->stats().run_entries, 1U);
    EXPECT_EQ(give(*set, {1, 1}, 0), Recall::Duplicate);
}

TEST(IdentitySet, NothingIsPublishedBeforeItsEventsAreDurable) {
    const ScratchFolder folder;
    const auto set = open_small(folder.path());
    give(*set, {1, 1}, 0);
    set->freeze();
    give(*set, {2, 2}, 0);
    const LogBarrier broken = []() -> Result<std::monostate> {
        return unavailable("file.refused", "the log is broken");
    };
    EXPECT_FALSE(set->write_frozen(broken));
    EXPECT_FALSE(set->save_snapshot(folder / "snapshot", broken));
    EXPECT_TRUE(names_in(folder.path()).empty());
    EXPECT_EQ(set->stats().frozen_entries, 1U);
    EXPECT_EQ(give(*set, {1, 1}, 0), Recall::Duplicate);

    std::vector<std::vector<std::string>> seen;
    ASSERT_TRUE(set->save_snapshot(folder / "snapshot", [&]() -> Result<std::monostate> {
        // The snapshot's slices are taken: what is new now may not be in it.
        EXPECT_EQ(give(*set, {3, seen.size()}, 0), Recall::New);
        seen.push_back(names_in(folder.path()));
        return std::monostate{};
    }));
    const std::string run = run_file_name(1, 1);
    EXPECT_EQ(seen, (std::vector<std::vector<std::string>>{{run + ".new"}, {"snapshot.new", run}}));
    set->freeze();
    const auto again = open_small(folder.path());
    ASSERT_TRUE(again->load_snapshot(folder / "snapshot"));
    EXPECT_EQ(again->batch().find({2, 2}).value(), 0U);
    EXPECT_EQ(again->batch().find({3, 1}).value(), std::nullopt);
}

TEST(IdentitySet, AMergeOfADamagedRunFailsAndLosesNothing) {
    const ScratchFolder folder;
    std::vector<IdentityHash> hashes;
    const auto set = open_small(folder.path());
    for (std::uint64_t run = 1; run <= 3; ++run) hashes = add_run(*set, 10, run);
    const std::string path = folder / run_file_name(1, 1);
    const std::string good = bytes_of(path);
    std::string bad = good;
    bad[run_format::kBlockBytes] = static_cast<char>(bad[run_format::kBlockBytes] + 1);
    write_bytes(path, bad);
    EXPECT_FALSE(set->merge_step());
    EXPECT_EQ(set->stats().runs, 3U);
    write_bytes(path, good);
    merge_all(*set);
    EXPECT_EQ(set->stats().runs, 2U);
    EXPECT_EQ(give(*set, hashes[0], 1), Recall::Duplicate);
}

// The three roles at once; ThreadSanitizer reads along.
TEST(IdentitySet, SequencerAndBackgroundThreadWorkTogether) {
    const ScratchFolder folder;
    auto options = small(folder.path());
    options.window_entries = 5'000;
    options.merge_step_entries = 3'000;
    const auto set = IdentitySet::open(options).value();
    std::atomic<bool> stop = false;
    std::thread background([&] {
        while (!stop) {
            EXPECT_TRUE(set->write_frozen(nothing_to_wait_for));
            EXPECT_TRUE(set->merge_step());
            EXPECT_TRUE(set->save_snapshot(folder / "snapshot", nothing_to_wait_for));
        }
    });
    std::thread reader([&] {
        while (!stop) EXPECT_GE(set->stats().bytes, 20U * 1'024);
    });
    std::mt19937_64 random(5);
    std::vector<IdentityHash> hashes;
    // Until the background has had its turn, too.
    const auto waits = [&](int request) { return request < 5'000 && set->stats().runs == 0; };
    for (int request = 0; request < 60 || waits(request); ++request) {
        {
            auto batch = set->batch();
            for (int i = 0; i < 1'000; ++i) {
                hashes.push_back(random_hash(random));
                EXPECT_EQ(batch.find_or_insert(hashes.back(), 1).value(), Recall::New);
                const IdentityHash& old = hashes[random() % hashes.size()];
                EXPECT_EQ(batch.find_or_insert(old, 1).value(), Recall::Duplicate);
            }
        }
        if (set->wants_freeze()) set->freeze();
    }
    stop = true;
    background.join();
    reader.join();
    for (const IdentityHash& hash : hashes) ASSERT_EQ(give(*set, hash, 1), Recall::Duplicate);
    EXPECT_GT(set->stats().runs, 0U);
}

}  // namespace
}  // namespace turnpike
