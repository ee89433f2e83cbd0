"""What people read: cards, tables, pages and PDF, all from records."""
