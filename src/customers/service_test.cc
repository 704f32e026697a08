#include "customers/service.h"

#include <algorithm>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "access/handler_testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
const Instant kNow = from_unix_seconds(1'700'000'000);

class CustomerService : public sql::DatabaseTest {
protected:
    template <class Work>
    auto write(Work work) {
        return db().write_blocking(work);
    }
    std::vector<std::string> audit_of(const CustomerId& customer) {
        return write([&](sql::Transaction& tx) {
            std::vector<std::string> lines;
            for (const auto& record : list_audit(tx, customer, {}))
                lines.push_back(record.entry.actor + ' ' + record.entry.action + ' ' +
                                to_text(record.entry.detail));
            return lines;
        });
    }
    Customer create(const std::string& external_id) {
        const CustomerDraft draft{external_id, {}, {}, {}, {}};
        return *write([&](sql::Transaction& tx) {
            return create_customer(tx, draft, {"admin:root", "req_1"}, kNow, ids_);
        });
    }
    Result<Customer> ensure(const std::string& external_id,
                            const std::optional<std::string>& email = {}) {
        return write([&](sql::Transaction& tx) {
            return ensure_customer(tx, external_id, email, kNow, ids_);
        });
    }
    std::string found(const Principal& caller, const std::string& ref) {
        const auto result =
            write([&](sql::Transaction& tx) { return find_visible_customer(tx, caller, ref); });
        return result ? result->external_id
                      : std::string(result.error().reason.text()) + ": " + result.error().message;
    }
    RandomIdSource ids_;
};
INSTANTIATE_TEST_SUITE_P(, CustomerService, sql::both_engines(), sql::engine_name);

TEST_P(CustomerService, TwentyFirstCallsMakeOneCustomerAndOneAuditRecord) {
    constexpr int kCallers = 20;
    std::latch ready(kCallers);
    std::vector<std::string> seen(kCallers);
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kCallers; ++i)
            threads.emplace_back([&, i] {
                ready.arrive_and_wait();
                seen[i] = ensure("alice")->id.text();
            });
    }
    for (const auto& id : seen) EXPECT_EQ(id, seen.front());
    EXPECT_EQ(audit_of(CustomerId::trusted(seen.front())),
              std::vector<std::string>{"user:alice customer.created {}"});
    EXPECT_EQ(write([](sql::Transaction& tx) { return list_customers(tx, {}); }).size(), 1U);
}

TEST_P(CustomerService, AnEmailIsFilledInOnceAndNeverReplaced) {
    const auto id = ensure("alice")->id;
    EXPECT_EQ(ensure("alice", "not an address")->email, std::nullopt);
    EXPECT_EQ(ensure("alice", "a@example.com")->email, "a@example.com");
    EXPECT_EQ(ensure("alice", "b@example.com")->email, "a@example.com");
    auto audit = audit_of(id);
    std::ranges::sort(audit);  // both are of the same instant
    EXPECT_EQ(audit,
              (std::vector<std::string>{"user:alice customer.created {}",
                                        R"(user:alice customer.updated {"changed":["email"]})"}));
}

TEST_P(CustomerService, ACustomerBeginsAtAWholeSecond) {
    const auto later = kNow + std::chrono::microseconds(999'999);
    const auto made = write([&](sql::Transaction& tx) {
        return create_customer(tx, {"alice", {}, {}, {}, {}}, {"admin:root", "req_1"}, later, ids_);
    });
    const auto seen =
        write([&](sql::Transaction& tx) { return ensure_customer(tx, "bob", {}, later, ids_); });
    EXPECT_EQ(made->created_at, kNow);
    EXPECT_EQ(seen->created_at, kNow);
}

TEST_P(CustomerService, ASubjectThatCannotBeAnExternalIdIsRefused) {
    for (const auto* subject : {"a b", "ext:alice", "cus_01HF00000000000000000000AA"})
        EXPECT_EQ(ensure(subject).error().reason.text(), "customer.invalid_external_id");
}

TEST_P(CustomerService, RefsAreIdsOrExternalIds) {
    const auto alice = create("alice");
    const auto admin = testing::admin();
    EXPECT_EQ(found(admin, alice.id.text()), "alice");
    EXPECT_EQ(found(admin, "alice"), "alice");
    EXPECT_EQ(found(admin, "ext:alice"), "alice");
    const std::string absent = "customer.not_found: there is no such customer";
    for (const auto* ref : {"", "bob", "ext:", "ext:ext:alice", "ALICE", "alice ", "a'--",
                            "cus_01HF00000000000000000000AA", "cus_"})
        EXPECT_EQ(found(admin, ref), absent) << ref;
}

TEST_P(CustomerService, ACustomerFindsHimselfAndNobodyElse) {
    const auto alice = create("alice"), bob = create("bob");
    Principal bobs_key;
    bobs_key.kind = PrincipalKind::Customer;
    bobs_key.customer = bob.id;
    const std::string absent = "customer.not_found: there is no such customer";
    for (const auto& caller : {testing::user("bob"), bobs_key}) {
        EXPECT_EQ(found(caller, "bob"), "bob");
        EXPECT_EQ(found(caller, bob.id.text()), "bob");
        EXPECT_EQ(found(caller, "alice"), absent);
        EXPECT_EQ(found(caller, alice.id.text()), absent);
        EXPECT_EQ(found(caller, "nobody"), absent);
    }
    EXPECT_EQ(found(Principal{}, "alice"), absent);
    EXPECT_EQ(found(testing::seller({Scope::CustomersRead}), "alice"), "alice");
}

// A user may choose his name at the seller's: naming himself after somebody's id gains nothing.
TEST_P(CustomerService, ASubjectThatLooksLikeAnotherCustomersIdIsNotThatCustomer) {
    const auto alice = create("alice");
    const auto mallory = testing::user(alice.id.text());
    EXPECT_EQ(found(mallory, alice.id.text()), "customer.not_found: there is no such customer");
    const auto own =
        write([&](sql::Transaction& tx) { return customer_of(tx, mallory, kNow, ids_); });
    ASSERT_FALSE(own);
    EXPECT_EQ(own.error().reason.text(), "customer.invalid_external_id");
}

TEST_P(CustomerService, CustomerOfIsTheCaller) {
    const auto bob = create("bob");
    Principal bobs_key;
    bobs_key.kind = PrincipalKind::Customer;
    bobs_key.customer = bob.id;
    const auto of = [&](const Principal& caller) {
        return write([&](sql::Transaction& tx) { return customer_of(tx, caller, kNow, ids_); });
    };
    EXPECT_EQ(of(bobs_key)->id, bob.id);
    EXPECT_EQ(of(testing::user("bob"))->id, bob.id);
    EXPECT_EQ(of(testing::user("new"))->external_id, "new");
    for (const auto& caller : {testing::admin(), testing::seller({Scope::Operations}), Principal{}})
        EXPECT_EQ(of(caller).error().reason.text(), "customer.not_a_customer");
}

TEST_P(CustomerService, AChangeIsAuditedByFieldAndAnEmptyOneIsNot) {
    const auto alice = create("alice");
    const auto change = [&](CustomerPatch patch) {
        const CustomerChange wanted{"alice", std::move(patch), {"key:key_1", "req_9"}};
        return write([&](sql::Transaction& tx) { return change_customer(tx, wanted, kNow, ids_); });
    };
    CustomerPatch patch;
    patch.name = "Alice";
    EXPECT_EQ(change(patch)->version, 2);
    EXPECT_EQ(change(patch)->version, 2);
    const auto audit = audit_of(alice.id);
    ASSERT_EQ(audit.size(), 2U);
    EXPECT_EQ(std::count(audit.begin(), audit.end(),
                         R"(key:key_1 customer.updated {"changed":["name"]})"),
              1);
}

TEST_P(CustomerService, NowIsTheTestClocksOrTheSystems) {
    const TestClock clock{
        ids_.make<TestClockId>(kNow), "t", "stripe", "clock_1", kNow - 240h, kNow};
    write([&](sql::Transaction& tx) {
        insert_test_clock(tx, clock);
        const auto bound = create_customer(tx, {"bound", {}, {}, {}, clock.id}, {}, kNow, ids_);
        const auto free = create_customer(tx, {"free", {}, {}, {}, {}}, {}, kNow, ids_);
        EXPECT_EQ(now_of(tx, *bound, kNow), kNow - 240h);
        EXPECT_EQ(now_of(tx, *free, kNow), kNow);
        EXPECT_EQ(bound->created_at, kNow - 240h) << "his free periods begin in his own time";
        EXPECT_EQ(free->created_at, kNow);
        const auto lost =
            create_customer(tx, {"lost", {}, {}, {}, ids_.make<TestClockId>(kNow)}, {}, kNow, ids_);
        EXPECT_EQ(lost.error().reason.text(), "customer.unknown_test_clock");
        return true;
    });
}

TEST_P(CustomerService, ACustomerBuysFromOneCatalog) {
    write([](sql::Transaction& tx) {
        tx.run("INSERT INTO catalogs (key, position) VALUES ('api', 0), ('learning-app', 1)");
        return true;
    });
    const auto made = [&](const char* catalog, const char* external_id) {
        const CustomerDraft draft{external_id, {}, {}, {}, {}, catalog};
        const auto customer = write([&](sql::Transaction& tx) {
            return create_customer(tx, draft, {"admin:root", "req_1"}, kNow, ids_);
        });
        return customer ? customer->catalog + ' ' + customer->external_id
                        : std::string(customer.error().reason.text());
    };
    EXPECT_EQ(made("", "alice"), "api alice");
    EXPECT_EQ(made("learning-app", "alice"), "learning-app learning-app~alice");
    EXPECT_EQ(made("learning-app", "alice"), "customer.exists");
    EXPECT_EQ(made("api", "alice"), "customer.exists") << "the primary one's own key means it, too";
    EXPECT_EQ(made("api", "bob"), "api bob");
    EXPECT_EQ(made("zap", "bob"), "customer.unknown_catalog");
    EXPECT_EQ(made("", "learning-app~bob"), "customer.invalid_external_id");

    Principal alice;
    alice.kind = PrincipalKind::Customer;
    alice.external_id = "alice";
    EXPECT_EQ(found(alice, "alice"), "alice");
    EXPECT_EQ(found(alice, "learning-app~alice"), "learning-app~alice") << "she is both";
    EXPECT_EQ(found(alice, "ext:learning-app~alice"), "learning-app~alice");
    Principal impostor = alice;
    impostor.external_id = "learning-app~alice";
    const std::string nobody = found(alice, "nobody");
    EXPECT_EQ(found(impostor, "learning-app~alice"), nobody);
    EXPECT_EQ(found(alice, "api~alice"), nobody) << "in the primary catalog there is one name";
    const auto as = [&](const Principal& caller, std::string_view catalog) {
        const auto customer = write(
            [&](sql::Transaction& tx) { return customer_of(tx, caller, kNow, ids_, catalog); });
        return customer ? customer->external_id : std::string(customer.error().reason.text());
    };
    EXPECT_EQ(as(alice, ""), "alice");
    EXPECT_EQ(as(alice, "learning-app"), "learning-app~alice");
    EXPECT_EQ(as(impostor, ""), "customer.invalid_external_id");
    Principal her_key;
    her_key.kind = PrincipalKind::Customer;
    her_key.customer = write([&](sql::Transaction& tx) { return find_customer(tx, "alice"); })->id;
    EXPECT_EQ(as(her_key, ""), "alice");
    EXPECT_EQ(as(her_key, "api"), "alice");
    EXPECT_EQ(as(her_key, "learning-app"), "customer.not_found");
}

}  // namespace
}  // namespace turnpike
