"""Other people's networks: written from their papers, and able to take their published weights.

A new one is a row of PEERS, and a module with its network and `rename` (published name of a tensor -> ours).
"""

from photochrom.train.peers.table import PEERS, Peer, find_peer

__all__ = ["PEERS", "Peer", "find_peer"]
