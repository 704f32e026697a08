#include "notices/smtp.h"

#include <future>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

/// What comes of a letter where no mail server listens: port 1 of this machine.
std::string outcome_of_letter_to(const std::string& address) {
    Smtp smtp({.url = "smtp://127.0.0.1:1",
               .user = "",
               .password = Secret(""),
               .from = "billing@example.com",
               .seller = ""});
    asio::io_context io;
    auto sent = asio::co_spawn(io, smtp.send(address, "Subject: a\r\n\r\nb\r\n"), asio::use_future);
    io.run();
    const auto outcome = sent.get();
    return outcome ? "sent" : std::string(outcome.error().reason.text());
}

TEST(Smtp, SaysNothingToAServerOfAnAddressThatEndsBeforeItsEnd) {
    EXPECT_EQ(outcome_of_letter_to("ada@example.com"), "notices.not_sent");
    for (const std::string& address :
         {std::string("a>b<c@x.com"), std::string("<a@x.com"), std::string("a@x.com>"),
          std::string("a@x.com\r\nDATA"), std::string("a b@x.com"), std::string("a@x.com\n"),
          std::string("a\0b@x.com", 9)})
        EXPECT_EQ(outcome_of_letter_to(address), "notices.refused") << address;
}

}  // namespace
}  // namespace turnpike
