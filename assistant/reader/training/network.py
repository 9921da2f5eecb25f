"""The reader as a torch module: the encoder layers of MiniLM with three heads."""

from pathlib import Path


def network(start: Path | None = None):
    """A module whose weights come from MiniLM, or from a safetensors file of an earlier training
    (encoder layers and heads; the embeddings are MiniLM's always, and stay as they are).

    Called with ids, types and mask, int64 (n, length), it gives start and end logits, float32
    (n, length, 2), and the logit of relevance, float32 (n,).
    """
    import torch
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    from index.encoder import weights_folder

    class Reader(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            config = BertConfig.from_pretrained(weights_folder(), attn_implementation="sdpa")
            config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
            self.enc = BertModel(config, add_pooling_layer=False)
            self.span = torch.nn.Linear(config.hidden_size, 2)
            self.rel = torch.nn.Linear(config.hidden_size, 1)

        def forward(self, ids, types, mask):
            states = self.enc(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
            return self.span(states), self.rel(states[:, 0]).squeeze(-1)

    reader = Reader()
    published = load_file(weights_folder() / "model.safetensors")
    reader.enc.load_state_dict({k: v for k, v in published.items() if not k.startswith("pooler.")}, strict=False)
    if start:
        state = {name: tensor.float() for name, tensor in load_file(start).items()}
        missing, unknown = reader.load_state_dict(state, strict=False)
        assert not unknown and all(name.startswith("enc.embeddings.") for name in missing), (missing, unknown)
    reader.enc.embeddings.requires_grad_(False)
    return reader


def learnt(reader) -> dict:
    """What training changes, by name: all but the embeddings."""
    return {name: tensor for name, tensor in reader.state_dict().items() if not name.startswith("enc.embeddings.")}
