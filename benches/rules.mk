# Measurements; included by the Makefile, paths are those of the repository.

# ONLY chooses benches by a part of their name, or a regular expression.
ONLY ?=
BENCH = $(CARGO) bench --features scalar --bench nodes -- $(if $(ONLY),'$(ONLY)')
bench: ## run the criterion benches: all, or those that ONLY= names
	$(BENCH)

bench-save: ## run them and keep their times under a name: make bench-save NAME=before ONLY=bce
	$(BENCH) --save-baseline '$(or $(NAME),$(error NAME= says what the times are kept under))'

bench-compare: ## run them and compare with the times that were kept under a name
	$(BENCH) --baseline '$(or $(NAME),$(error NAME= says which times to compare with))'

# The C compiler of the comparison is gcc: its vector math library is what a user would get.
PEER_FLAGS := -O3 -ffast-math -Wall -Wextra

# Nodes with plain loops of their own in one file.
PEER_NODES := $(patsubst benches/peers/%_loops.cpp,$(BUILD)/peers-%,$(wildcard benches/peers/*_loops.cpp))
PEERS := $(BUILD)/peers $(BUILD)/peers-losses $(PEER_NODES) $(BUILD)/peers-ranking
bench-peers: $(PEERS) ## time hyla against plain C loops and Eigen, side by side
	$(BUILD)/peers
	$(BUILD)/peers-losses
	for program in $(PEER_NODES); do $$program || exit; done
	$(BUILD)/peers-ranking

PEER_HEADERS := $(wildcard benches/peers/*.h benches/peers/*.hpp) include/hyla.h
PEER_CXX := g++ -std=c++17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude

$(BUILD)/loops-%.o: benches/peers/loops.c $(PEER_HEADERS)
	@mkdir -p $(BUILD)
	gcc $(PEER_FLAGS) $(PEER_MACHINE_$*) -DBUILD_NAME=$* -c $< -o $@
PEER_MACHINE_native := -march=native
PEER_MACHINE_avx2 := -mavx2 -mfma

$(BUILD)/loss_loops.o: benches/peers/loss_loops.c $(PEER_HEADERS)
	@mkdir -p $(BUILD)
	gcc $(PEER_FLAGS) -march=native -c $< -o $@

# gcc 12 warns of its own intrinsics inside Eigen, so this file is compiled without warnings.
EIGEN ?= /usr/include/eigen3
$(BUILD)/eigen.o: benches/peers/eigen.cpp $(PEER_HEADERS)
	@mkdir -p $(BUILD)
	g++ -std=c++17 -O3 -ffast-math -march=native -w -isystem $(EIGEN) -c $< -o $@

$(BUILD)/peers: benches/peers/peers.cpp $(BUILD)/loops-native.o $(BUILD)/loops-avx2.o $(PEER_HEADERS) $(LIB)/libhyla.a
	$(PEER_CXX) $(filter-out %.h %.hpp,$^) -lm -o $@

$(BUILD)/peers-losses: benches/peers/losses.cpp $(BUILD)/loss_loops.o $(BUILD)/eigen.o $(BUILD)/loops-native.o \
    $(PEER_HEADERS) $(LIB)/libhyla.a
	$(PEER_CXX) $(filter-out %.h %.hpp,$^) -lm -o $@

$(BUILD)/peers-ranking: benches/peers/ranking.cpp $(PEER_HEADERS) $(LIB)/libhyla.a
	$(PEER_CXX) $(filter-out %.h %.hpp,$^) -lm -o $@

$(PEER_NODES): $(BUILD)/peers-%: benches/peers/%_loops.cpp $(PEER_HEADERS) $(LIB)/libhyla.a
	$(PEER_CXX) -O3 -ffast-math -march=native $(filter-out %.h %.hpp,$^) -lm -o $@

.PHONY: bench bench-save bench-compare bench-peers
