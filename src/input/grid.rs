//! Where the pixels of a plane lie: rows of columns, and the places that a walk over them goes to.

use crate::error::Error;

/// How the items of a plane follow each other. Pixels that have no items of their own, bits and packed ones, lie in
/// groups of bytes, and each row begins with a group; their stride counts pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// Items from a pixel to the next, or pixels where there are groups.
    pub stride: usize,
    /// Items from a row to the next, or bytes where there are groups. 0: no gap.
    pub row_stride: usize,
    /// How many pixels a group has, and how many bytes.
    pub group: Option<Group>,
}

/// A group of pixels in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub pixels: usize,
    pub bytes: usize,
    /// How many pixels of the first group lie before the first one of a row.
    pub first: usize,
}

/// Some rows of pixels, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The first row.
    pub row: usize,
    pub rows: usize,
    /// The first column; 0 if there are several rows.
    pub column: usize,
    pub columns: usize,
    /// How many columns the whole rows have.
    pub width: usize,
}

/// Rows, and how many pixels each of them has.
///
/// # Errors
/// Rows with a remainder ([`Error::FrameShape`]).
pub(crate) fn shape(n: usize, rows: usize) -> Result<(usize, usize), Error> {
    let rows = rows.max(1);
    match (n.checked_div(rows), n.checked_rem(rows)) {
        (Some(columns), Some(0)) => Ok((rows, columns)),
        _ => Err(Error::FrameShape),
    }
}

impl Place {
    pub fn pixels(&self) -> usize {
        self.rows.wrapping_mul(self.columns)
    }
}

/// A walk over rows, place by place.
pub(crate) struct Walk {
    rows: usize,
    /// The first place; the others have as many rows and columns, or what is left of them.
    step: Place,
    /// The row and the column of the next one.
    next: (usize, usize),
}

impl Walk {
    pub fn new(rows: usize, step: Place) -> Self {
        Self { rows, step, next: (0, 0) }
    }

    /// The next place.
    pub fn next(&mut self) -> Option<Place> {
        let ((row, column), width) = (self.next, self.step.width);
        if row >= self.rows || width == 0 {
            return None;
        }
        let rows = self.step.rows.min(self.rows - row);
        let columns = self.step.columns.min(width - column);
        self.next = if column + columns >= width { (row + rows, 0) } else { (row, column + columns) };
        Some(Place { row, rows, column, columns, width })
    }
}

impl Rows {
    /// Neighbours without gaps.
    pub const PLAIN: Self = Self { stride: 1, row_stride: 0, group: None };

    /// From the first item of a row of so many columns, which are not 0, to the end of its last one.
    fn of_row(&self, columns: usize) -> Option<usize> {
        let end = (columns - 1).checked_mul(self.stride)?.checked_add(1)?;
        let Some(Group { pixels, bytes, first }) = self.group else { return Some(end) };
        let end = end.checked_add(first)?;
        let (whole, rest) = (end.checked_div(pixels)?, end.checked_rem(pixels)?);
        // A group that is not full ends with the last byte that a pixel of it has.
        whole.checked_mul(bytes)?.checked_add((rest * bytes).div_ceil(pixels.max(1)))
    }

    /// Items from a row of so many columns to the next.
    pub fn row_stride(&self, columns: usize) -> usize {
        match (self.row_stride, self.group) {
            (0, None) => columns.wrapping_mul(self.stride),
            (0, Some(_)) => self.of_row(columns.max(1)).unwrap_or(0),
            (row_stride, _) => row_stride,
        }
    }

    /// From the first item of the first row to the end of the last one.
    ///
    /// # Errors
    /// Rows that overlap ([`Error::FrameShape`]), a stride of 0 ([`Error::Strides`]), an end that overflows
    /// ([`Error::TooLarge`]).
    pub fn span(&self, rows: usize, columns: usize) -> Result<usize, Error> {
        if self.stride == 0 {
            return Err(Error::Strides);
        }
        if rows == 0 || columns == 0 {
            return Ok(0);
        }
        let row = self.of_row(columns).ok_or(Error::TooLarge)?;
        // Without a gap the next row begins a stride behind the last pixel.
        columns.checked_mul(self.stride).ok_or(Error::TooLarge)?;
        let row_stride = self.row_stride(columns);
        if rows > 1 && row_stride < row {
            return Err(Error::FrameShape);
        }
        let last = (rows - 1).checked_mul(row_stride).ok_or(Error::TooLarge)?;
        last.checked_add(row).ok_or(Error::TooLarge)
    }

    /// The same of pixels of several channels, each so many items (of groups bytes) from the one before.
    ///
    /// # Errors
    /// Those of [`Self::span`], and values that share a place ([`Error::Strides`]).
    pub fn span_of_channels(
        &self,
        [rows, columns]: [usize; 2],
        channels: usize,
        channel_stride: usize,
    ) -> Result<usize, Error> {
        let plane = self.span(rows, columns)?;
        if plane == 0 || channels == 0 {
            return Ok(0);
        }
        // Groups are bytes side by side.
        let row = if self.group.is_some() { self.of_row(columns) } else { None };
        let along_row = row.map_or((columns, self.stride), |bytes| (bytes, 1));
        let steps = [along_row, (rows, self.row_stride(columns)), (channels, channel_stride)];
        let steps = || steps.into_iter().filter(|(count, _)| *count > 1);
        // Each step must jump over all that shorter ones reach. (Of two equal ones neither does.)
        for (index, (_, step)) in steps().enumerate() {
            let mut reach = 0_usize;
            for (other, (count, shorter)) in steps().enumerate() {
                if other != index && shorter <= step {
                    let more = (count - 1).checked_mul(shorter).ok_or(Error::TooLarge)?;
                    reach = reach.checked_add(more).ok_or(Error::TooLarge)?;
                }
            }
            if step <= reach {
                return Err(Error::Strides);
            }
        }
        let last = (channels - 1).checked_mul(channel_stride).ok_or(Error::TooLarge)?;
        last.checked_add(plane).ok_or(Error::TooLarge)
    }

    /// Every so many pixels of every so many rows of so many columns, from the first.
    pub fn apart(&self, stride: usize, columns: usize) -> Self {
        let row_stride = self.row_stride(columns).wrapping_mul(stride);
        Self { stride: self.stride.wrapping_mul(stride), row_stride, ..*self }
    }

    /// Whether rows of so many columns follow each other like the pixels of one.
    pub fn are_one(&self, columns: usize) -> bool {
        match self.group {
            None => self.row_stride(columns) == columns.wrapping_mul(self.stride),
            Some(Group { pixels, bytes, first }) => {
                let whole = columns.checked_div(pixels).unwrap_or(0);
                self.stride == 1
                    && first == 0
                    && whole.wrapping_mul(pixels) == columns
                    && self.row_stride(columns) == whole.wrapping_mul(bytes)
            }
        }
    }

    /// Whether the pixels of a place are neighbours.
    pub fn are_neighbours(&self, place: &Place) -> bool {
        self.stride == 1 && self.group.is_none() && (place.rows == 1 || self.are_one(place.width))
    }

    /// Where a row begins.
    pub fn start(&self, place: &Place, row: usize) -> usize {
        place.row.wrapping_add(row).wrapping_mul(self.row_stride(place.width))
    }

    /// The rows of a place: for each where it begins, its first pixel, and the part of a tile that it is. Rows that
    /// follow each other like one are one.
    pub fn of_tile<'t, T>(
        &self,
        place: &Place,
        tile: &'t mut [T],
    ) -> impl Iterator<Item = (usize, usize, &'t mut [T])> {
        let (lie, mut place) = (*self, *place);
        if place.rows > 1 && self.are_one(place.width) {
            let column = place.row.wrapping_mul(place.width);
            place = Place { row: 0, rows: 1, column, columns: place.pixels(), ..place };
        }
        let rows = tile.chunks_mut(place.columns.max(1)).take(place.rows).enumerate();
        rows.map(move |(row, tile)| (lie.start(&place, row), place.column, tile))
    }
}
