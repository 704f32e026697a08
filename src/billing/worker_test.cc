#include "billing/worker.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/testing/two_providers_testing.h"
#include "webhooks/log_testing.h"

namespace turnpike {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using WorkerTest = TwoProvidersTest;

// One coroutine for each of two providers.
TEST_F(WorkerTest, AsksForTheLedgerAndTriesNothingElseWhileItIsAway) {
    LogCapture log;
    asio::io_context io;
    BillingWorker worker(io, *contexts, {.look_every = std::chrono::milliseconds(1)});
    ledger->cut_after(0);
    worker.start();
    io.run_for(std::chrono::milliseconds(100));
    const auto told = lines_of(log.take(), "billing.pass_failed");
    EXPECT_THAT(told, SizeIs(2));
    EXPECT_THAT(told, Each(HasSubstr(" step=ledger failures=1 ")));

    EXPECT_TRUE(ledger->mend());
    std::string later;
    for (int i = 0; i < 1'000 && lines_of(later, "billing.pass_recovered").size() < 2; ++i) {
        io.run_for(std::chrono::milliseconds(10));
        later += log.take();
    }
    worker.stop();
    io.run();
    later += log.take();
    EXPECT_THAT(lines_of(later, "billing.pass_recovered"), SizeIs(2));
    EXPECT_THAT(lines_of(later, "billing.pass_recovered"), Each(HasSubstr(" step=ledger ")));
    EXPECT_THAT(lines_of(later, "billing.pass_failed"), IsEmpty());
}

}  // namespace
}  // namespace turnpike
