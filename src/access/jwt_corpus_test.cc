// Replays what the fuzzer has kept; a finding becomes a file there.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

TEST(JwtCorpus, EveryKeptInputRuns) {
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator("fuzz/corpus/jwt")) {
        std::ifstream file(entry.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        SCOPED_TRACE(entry.path().filename());
        EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                         bytes.size()),
                  0);
        ++files;
    }
    EXPECT_GE(files, 10);
}

}  // namespace
