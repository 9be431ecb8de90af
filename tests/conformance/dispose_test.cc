#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

namespace fs = std::filesystem;

/// Files and folders under `path`, which may be absent.
std::vector<std::string> FilesUnder(const std::string& path) {
  std::vector<std::string> files;
  std::error_code absent;
  for (const auto& entry : fs::recursive_directory_iterator(path, absent)) files.push_back(entry.path().string());
  return files;
}

class DirectoriesTest : public BackendTest {
 protected:
  void SetUp() override {
    if (!factory().needs_directory()) GTEST_SKIP() << GetParam() << " keeps no files";
  }
};

class DisposeTest : public BackendTest {
 protected:
  static void Fill(KeyedBackend<int64_t>& backend) {
    auto value = Must(backend.GetState(ValueStateDescriptor<std::string>("v")));
    auto map = Must(backend.GetState(MapStateDescriptor<int64_t, int64_t>("m")));
    for (int64_t key = 0; key < 300; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(value.Update(std::string(1000, 'x')));
      Must(map.Put(key, key));
    }
  }
};
KVSTATE_ON_EVERY_BACKEND(DisposeTest);
KVSTATE_ON_EVERY_BACKEND(DirectoriesTest);

TEST_P(DisposeTest, EveryLaterCallIsRefused) {
  auto typed = Open<int64_t>();
  Fill(typed);
  KeyedStateBackend& backend = typed.backend();
  EXPECT_OK(backend.Dispose());
  EXPECT_CODE(typed.SetCurrentKey(1), kFailedPrecondition);
  EXPECT_CODE(backend.GetOrCreateState(SerializerFor<VoidNamespace>(), ValueStateDescriptor<std::string>("v")),
              kFailedPrecondition);
  EXPECT_CODE(backend.Keys("v", kVoid), kFailedPrecondition);
  EXPECT_CODE(backend.KeysAndNamespaces("v"), kFailedPrecondition);
  EXPECT_CODE(backend.ApplyToAllKeys("v", kVoid, [](ByteView, InternalKVState&) { return Status(); }),
              kFailedPrecondition);
  EXPECT_CODE(backend.NumEntries(), kFailedPrecondition);
  EXPECT_CODE(backend.RemoveState("v"), kFailedPrecondition);
  EXPECT_OK(backend.Dispose()) << "another Dispose does nothing";
}

TEST_P(DisposeTest, RemovesEveryFileAtOnce) {
  const BackendOptions options = Options(SerializerFor<int64_t>());
  KeyedBackend<int64_t> backend(Make(options));
  Fill(backend);
  EXPECT_OK(backend.backend().Dispose());
  EXPECT_EQ(FilesUnder(options.directory), std::vector<std::string>()) << "before the backend is destroyed";
}

TEST_P(DisposeTest, DestructionRemovesEveryFile) {
  const BackendOptions options = Options(SerializerFor<int64_t>());
  {
    KeyedBackend<int64_t> backend(Make(options));
    Fill(backend);
    Must(backend.backend().RemoveState("m"));
  }
  EXPECT_EQ(FilesUnder(options.directory), std::vector<std::string>());
}

TEST_P(DisposeTest, ADirectoryCanBeUsedAgain) {
  const BackendOptions options = Options(SerializerFor<int64_t>());
  for (int round = 0; round < 3; ++round) {
    KeyedBackend<int64_t> backend(Make(options));
    EXPECT_EQ(Must(backend.backend().NumEntries()), 0u) << "nothing comes back";
    Fill(backend);
    EXPECT_EQ(Must(backend.backend().NumEntries()), 600u);
    Must(backend.backend().Dispose());
  }
}

TEST_P(DisposeTest, BackendsSideBySideAreIndependent) {
  auto first = Open<int64_t>();
  auto second = Open<int64_t>();
  auto first_state = Must(first.GetState(ValueStateDescriptor<int64_t>("v")));
  auto second_state = Must(second.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(first.SetCurrentKey(1));
  Must(second.SetCurrentKey(1));
  Must(first_state.Update(11));
  EXPECT_EQ(Current(second_state), std::nullopt);
  Must(second_state.Update(22));
  EXPECT_EQ(Current(first_state), 11);
  Must(first.backend().Dispose());
  EXPECT_EQ(Current(second_state), 22);
  Must(second_state.Update(33));
  EXPECT_EQ(Current(second_state), 33);
}

TEST_P(DisposeTest, TheFactoryChecksItsOptions) {
  BackendOptions options = Options(nullptr);
  EXPECT_CODE(factory().Create(options), kInvalidArgument) << "no key serializer";
  options = Options(SerializerFor<int64_t>());
  options.max_parallelism = 64;
  EXPECT_CODE(factory().Create(options), kInvalidArgument) << "groups 0..127 of 64";
  options.max_parallelism = 0;
  EXPECT_CODE(factory().Create(options), kInvalidArgument);
  options.max_parallelism = 32769;
  EXPECT_CODE(factory().Create(options), kInvalidArgument);
  options.max_parallelism = 128;
  options.key_groups = {5, 4};
  EXPECT_CODE(factory().Create(options), kInvalidArgument) << "an empty range";
  EXPECT_EQ(FilesUnder(options.directory), std::vector<std::string>()) << "nothing is left behind";
}

TEST_P(DisposeTest, TheFactoryDescribesItself) {
  EXPECT_EQ(factory().name(), GetParam());
  EXPECT_EQ(Open<int64_t>().backend().name(), GetParam());
  EXPECT_GT(factory().description().size(), 10u);
  const std::vector<EngineOption> options = factory().options();
  for (size_t i = 0; i < options.size(); ++i) {
    EXPECT_FALSE(options[i].name.empty());
    EXPECT_FALSE(options[i].description.empty()) << options[i].name;
    if (i > 0) {
      EXPECT_LT(options[i - 1].name, options[i].name) << "sorted, each once";
    }
  }
}

TEST_P(DisposeTest, AnUnknownEngineOptionListsWhatExists) {
  BackendOptions options = Options(SerializerFor<int64_t>());
  options.engine["no_such_option"] = "1";
  const auto made = factory().Create(options);
  EXPECT_CODE(made, kInvalidArgument);
  EXPECT_MENTIONS(made, "no_such_option");
  for (const EngineOption& option : factory().options()) EXPECT_MENTIONS(made, option.name);
  EXPECT_EQ(FilesUnder(options.directory), std::vector<std::string>()) << "nothing is left behind";
}

TEST_P(DisposeTest, EveryOptionTakesItsDefaultAndRefusesNonsense) {
  for (const EngineOption& option : factory().options()) {
    BackendOptions options = Options(SerializerFor<int64_t>());
    options.engine[option.name] = option.default_value;
    EXPECT_OK(factory().Create(options)) << option.name << "=" << option.default_value;
    options = Options(SerializerFor<int64_t>());
    options.engine[option.name] = "!?no such value";
    const auto made = factory().Create(options);
    EXPECT_CODE(made, kInvalidArgument) << option.name;
    EXPECT_MENTIONS(made, option.name);
  }
}

TEST_P(DirectoriesTest, ADirectoryIsNeeded) {
  BackendOptions options = Options(SerializerFor<int64_t>());
  options.directory.clear();
  EXPECT_CODE(factory().Create(options), kInvalidArgument);
}

TEST_P(DirectoriesTest, ADirectoryIsMadeWithItsParents) {
  BackendOptions options = Options(SerializerFor<int64_t>());
  options.directory += "/made/with its parents";
  KeyedBackend<int64_t> backend(Make(options));
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey(1));
  EXPECT_OK(state.Update(1));
  EXPECT_FALSE(FilesUnder(options.directory).empty());
}

TEST_P(DirectoriesTest, ADirectoryInUseIsRefused) {
  const BackendOptions options = Options(SerializerFor<int64_t>());
  KeyedBackend<int64_t> backend(Make(options));
  auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
  Must(backend.SetCurrentKey(1));
  Must(state.Update(1));
  for (const std::string& name : TestedBackendNames()) {
    const BackendFactory& other = *Must(TestedBackends().Find(name));
    if (!other.needs_directory()) continue;
    const auto second = other.Create(options);
    EXPECT_CODE(second, kFailedPrecondition) << name;
    EXPECT_MENTIONS(second, options.directory);
  }
  EXPECT_EQ(Current(state), 1) << "the first one goes on";
  EXPECT_OK(state.Update(2));
  Must(backend.backend().Dispose());
  EXPECT_OK(factory().Create(options)) << "and frees it when it goes";
}

TEST_P(DirectoriesTest, FilesOfOthersAreLeftAlone) {
  const BackendOptions options = Options(SerializerFor<int64_t>());
  fs::create_directories(options.directory + "/folder");
  for (const char* name : {"/notes.txt", "/folder/more.txt"}) std::ofstream(options.directory + name) << "mine";
  auto made = factory().Create(options);  // Refusing a directory that is not empty would do, too.
  if (made.ok()) {
    KeyedBackend<int64_t> backend(std::move(made).value());
    auto state = Must(backend.GetState(ValueStateDescriptor<int64_t>("v")));
    Must(backend.SetCurrentKey(1));
    EXPECT_OK(state.Update(1));
  }
  for (const char* name : {"/notes.txt", "/folder/more.txt"}) {
    std::string text;
    std::ifstream(options.directory + name) >> text;
    EXPECT_EQ(text, "mine") << name;
  }
  EXPECT_EQ(FilesUnder(options.directory).size(), 3u) << "and nothing else is";
}

TEST_P(DirectoriesTest, AFileInThePlaceOfTheDirectoryIsRefused) {
  BackendOptions options = Options(SerializerFor<int64_t>());
  const std::string file = options.directory;
  std::ofstream(file) << "a file";
  for (const std::string& path : {file, file + "/below"}) {
    options.directory = path;
    const auto made = factory().Create(options);
    ASSERT_FALSE(made.ok());
    EXPECT_MENTIONS(made, file);
  }
  EXPECT_TRUE(fs::is_regular_file(file));
}

}  // namespace
}  // namespace kvstate::conformance
