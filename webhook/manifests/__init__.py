"""Files that people write: folders, YAML, JSON, lists, standard input, as documents with lines.

They are read as `kubectl` reads them; what it and Python would read differently is refused.
"""

from webhook.core.document import Document
from webhook.manifests.files import find_files, read_bytes, read_documents, read_file

__all__ = ["Document", "find_files", "read_bytes", "read_documents", "read_file"]
